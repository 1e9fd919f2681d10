public import Tokenizer

/// How the next token is chosen from the logits. The defaults are those that llama.cpp's users know.
public struct SamplingOptions: Sendable, Equatable {
    /// Divides the logits; 0 or less takes the most probable token.
    public var temperature: Float = 0.8
    /// Keeps the k most probable tokens; 0 or less keeps all.
    public var topK = 40
    /// Keeps the smallest set of tokens with at least this probability together; 1 keeps all.
    public var topP: Float = 0.95
    /// Drops tokens less probable than this part of the most probable one; 0 keeps all.
    public var minP: Float = 0.05
    /// Keeps the tokens whose surprise is closest to the expected one, up to this probability together; 1 keeps all.
    public var typicalP: Float = 1
    /// Divides the logit of tokens among the last `repeatLastN` (multiplies it where negative); 1 is off.
    public var repeatPenalty: Float = 1
    /// Subtracted once from the logit of each token among the last `repeatLastN`.
    public var presencePenalty: Float = 0
    /// Subtracted from the logit of a token for each time it is among the last `repeatLastN`.
    public var frequencyPenalty: Float = 0
    /// Tokens that the penalties look back at; 0 is off, -1 the whole context.
    public var repeatLastN = 64
    /// Added to the logits of single tokens; -infinity bans one.
    public var logitBias: [TokenID: Float] = [:]
    /// Seed of the random choice; nil takes a new one each time. The same seed gives the same text.
    public var seed: UInt64?

    public init() {}

    /// Throws: `EngineError.option` naming the first value that makes no sense.
    public func validate(vocabularyCount: Int) throws(EngineError) {
        func check(_ name: String, _ value: Float, _ range: ClosedRange<Float>) throws(EngineError) {
            guard range.contains(value) else {
                throw .option(name: name, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
            }
        }
        guard temperature.isFinite else {
            throw .option(name: "temperature", value: "\(temperature)", allowed: "a number")
        }
        guard repeatLastN >= -1 else {
            throw .option(name: "repeat-last-n", value: "\(repeatLastN)", allowed: "-1 or more")
        }
        try check("top-p", topP, 0...1)
        try check("min-p", minP, 0...1)
        try check("typical", typicalP, 0...1)
        try check("repeat-penalty", repeatPenalty, 0.01...100)
        try check("presence-penalty", presencePenalty, -100...100)
        try check("frequency-penalty", frequencyPenalty, -100...100)
        for (token, bias) in logitBias {
            guard token >= 0, Int(token) < vocabularyCount else {
                throw .tokenOutOfRange(id: Int(token), vocabulary: vocabularyCount)
            }
            guard bias == -.infinity || abs(bias) <= 1e6 else {
                throw .option(
                    name: "logit bias of token \(token)", value: "\(bias)", allowed: "-1e6 to 1e6, or -infinity")
            }
        }
    }
}
