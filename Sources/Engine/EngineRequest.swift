public import Tokenizer

/// One piece of work for an engine: a prompt and what to make of it.
public struct EngineRequest: Sendable, Equatable {
    /// Token ids, a BOS token included where the model begins with one.
    public var prompt: [TokenID]
    public var task: Task
    /// Whether what the cache holds of the prompt may be used, and the prompt be kept for others. Results don't depend
    /// on it.
    public var usesCache = true
    /// Requests with a lower number begin, and are prefilled, before those with a higher one; equal ones in the order in
    /// which they came.
    public var priority = 0

    public enum Task: Sendable, Equatable {
        /// `count` completions, which share one prefill. With `maxTokens` 0 the prompt is only scored.
        case generate(GenerationOptions, count: Int)
        case embed(EmbeddingOptions)
    }

    public init(prompt: [TokenID], task: Task) {
        self.prompt = prompt
        self.task = task
    }

    public init(prompt: [TokenID], options: GenerationOptions, count: Int = 1) {
        self.init(prompt: prompt, task: .generate(options, count: count))
    }
}

/// How the final states of a prompt become one vector of the model's width.
public struct EmbeddingOptions: Sendable, Equatable {
    public enum Pooling: String, Sendable, CaseIterable {
        /// The mean over all positions, BOS included.
        case mean
        /// The last position.
        case last
    }

    public var pooling: Pooling
    /// Scales the vector to length 1.
    public var isNormalized: Bool

    public init(pooling: Pooling = .mean, isNormalized: Bool = true) {
        self.pooling = pooling
        self.isNormalized = isNormalized
    }
}
