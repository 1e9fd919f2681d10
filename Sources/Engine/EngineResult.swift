public import Tokenizer

/// What an engine made of a request.
public struct EngineResult: Sendable, Equatable {
    /// As many as the request asked for, in order; none for embeddings.
    public var completions: [Completion] = []
    /// One per prompt token where they were asked for; nil for the first, which nothing stands before, and for those
    /// before the first that was wanted.
    public var promptLogprobs: [TokenLogprobs?] = []
    /// [width], for embeddings.
    public var embedding: [Float] = []
    public var usage = TokenUsage()
    public var timings = RequestTimings()

    public init() {}
}

/// One generated text.
public struct Completion: Sendable, Equatable {
    public var text = ""
    /// Generated tokens, an ending token included.
    public var tokens: [TokenID] = []
    public var finishReason = FinishReason.length
    /// One per generated token where they were asked for.
    public var logprobs: [TokenLogprobs] = []
    /// Seed of the random choices.
    public var seed: UInt64

    public init(seed: UInt64) {
        self.seed = seed
    }
}

/// The log-probability of a token by the model's own distribution (temperature 1, no penalties, no filters, no
/// constraint), and the most probable alternatives.
public struct TokenLogprobs: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let token: TokenID
        /// ln p
        public let logprob: Double

        public init(token: TokenID, logprob: Double) {
            self.token = token
            self.logprob = logprob
        }
    }

    public let token: TokenID
    /// ln p
    public let logprob: Double
    /// The most probable tokens in descending order, as many as were asked for.
    public let top: [Entry]

    public init(token: TokenID, logprob: Double, top: [Entry]) {
        self.token = token
        self.logprob = logprob
        self.top = top
    }
}

/// Counts of tokens.
public struct TokenUsage: Sendable, Equatable {
    /// Tokens of the prompt, and how many of them were not computed because the cache held them.
    public var promptTokens = 0
    public var cachedTokens = 0
    /// Of all completions together.
    public var generatedTokens = 0

    public init() {}
}

/// Times of one request, in seconds.
public struct RequestTimings: Sendable, Equatable {
    /// From its arrival until its prefill began.
    public var queueSeconds = 0.0
    /// From then until all of the prompt was computed.
    public var prefillSeconds = 0.0
    /// From its arrival until the first token.
    public var firstTokenSeconds: Double?
    /// From the first token to the last.
    public var decodeSeconds = 0.0

    public init() {}
}

/// What happens to a request while it runs.
public enum EngineEvent: Sendable, Equatable {
    /// Prompt tokens computed so far, and all.
    case prefilled(done: Int, total: Int)
    /// The log-probabilities of the prompt's tokens, where they were asked for, as soon as all of it is computed.
    case prompt([TokenLogprobs?])
    /// Text that completion number `index` goes on with, and the tokens it came from where log-probabilities were asked
    /// for.
    case text(String, logprobs: [TokenLogprobs], index: Int)
    /// Completion number `index` is complete.
    case ended(FinishReason, index: Int)
    /// The last event.
    case finished(EngineResult)
}
