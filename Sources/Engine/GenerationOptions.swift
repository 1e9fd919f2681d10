internal import Grammar

/// What to generate, and when to stop.
public struct GenerationOptions: Sendable, Equatable {
    /// Most tokens to generate; nil generates until the model ends or the context is full.
    public var maxTokens: Int?
    public var sampling = SamplingOptions()
    /// Texts that end the generation; they may span tokens and are never shown.
    public var stop: [String] = []
    /// Keeps the model from ending by itself.
    public var ignoreEndOfText = false
    /// What the text is held to; nil for nothing. Generation ends with `.stop` where nothing more can follow.
    public var constraint: Constraint?
    /// Log-probabilities of the generated tokens, each with this many alternatives; nil for none. They are those of the
    /// model itself, as if there were no constraint.
    public var logprobs: Int?
    /// The same for the tokens of the prompt.
    public var promptLogprobs: Int?
    /// The first prompt token whose log-probability is wanted; those before may come from the cache.
    public var firstScoredToken = 1

    /// Most alternatives per token.
    public static let maxLogprobs = 100

    public init(maxTokens: Int? = nil) {
        self.maxTokens = maxTokens
    }

    /// Throws: `EngineError.option` or `.tokenOutOfRange` naming the first value that makes no sense.
    public func validate(vocabularyCount: Int) throws(EngineError) {
        try sampling.validate(vocabularyCount: vocabularyCount)
        if let maxTokens, maxTokens < 0 {
            throw .option(name: "max tokens", value: "\(maxTokens)", allowed: "0 or more")
        }
        guard firstScoredToken >= 1 else {
            throw .option(name: "first scored token", value: "\(firstScoredToken)", allowed: "1 or more")
        }
        if let count = constraint?.vocabulary.count, count != vocabularyCount {
            throw .option(
                name: "the constraint's vocabulary", value: "\(count) tokens",
                allowed: "the model's of \(vocabularyCount)")
        }
        for (name, value) in [("logprobs", logprobs), ("prompt logprobs", promptLogprobs)] {
            guard let value, !(0...Self.maxLogprobs).contains(value) else { continue }
            throw .option(name: name, value: "\(value)", allowed: "0 to \(Self.maxLogprobs)")
        }
    }
}

/// Why a generation ended.
public enum FinishReason: String, Sendable, Codable {
    /// The model ended its text.
    case endOfText = "end_of_text"
    /// A stop string came up, or what the text is held to is complete.
    case stop
    /// As many tokens as were asked for.
    case length
    /// The context has no room for another token.
    case contextFull = "context_full"
    /// The caller ended it.
    case cancelled
}

/// Counts and times of one generation, in seconds.
public struct GenerationTimings: Sendable, Equatable {
    /// Tokens of the prompt that were computed, and those that were already in the cache.
    public var promptTokens = 0
    public var cachedTokens = 0
    public var generatedTokens = 0
    public var prefillSeconds = 0.0
    /// From the first generated token to the last.
    public var decodeSeconds = 0.0
    /// From the start of the prefill to the first token.
    public var firstTokenSeconds: Double?

    public init() {}

    public var prefillRate: Double? { prefillSeconds > 0 ? Double(promptTokens) / prefillSeconds : nil }
    /// The first token comes out of the prefill and costs no decode step.
    public var decodeRate: Double? {
        decodeSeconds > 0 && generatedTokens > 1 ? Double(generatedTokens - 1) / decodeSeconds : nil
    }
}

public struct GenerationResult: Sendable, Equatable {
    public var text: String
    public var finishReason: FinishReason
    public var timings: GenerationTimings
    public var seed: UInt64

    public init(text: String, finishReason: FinishReason, timings: GenerationTimings, seed: UInt64) {
        self.text = text
        self.finishReason = finishReason
        self.timings = timings
        self.seed = seed
    }
}
