/// What an engine has done and holds, at the end of a step.
public struct EngineStatistics: Sendable, Equatable {
    /// Requests.
    public var running = 0
    public var waiting = 0
    public var finished = 0
    public var failed = 0
    public var cancelled = 0
    /// Prompt tokens that were computed, and those that the cache had.
    public var prefilledTokens = 0
    public var cachedTokens = 0
    public var generatedTokens = 0
    /// Blocks of 256 positions in memory, those of them that no running request holds, and the most there may be.
    public var usedBlocks = 0
    public var unusedBlocks = 0
    public var blockLimit = 0
    /// Steps, and the seconds they took.
    public var steps = 0
    public var stepSeconds = 0.0

    public init() {}
}
