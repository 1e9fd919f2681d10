internal import Tokenizer

/// One completion as it grows: chooses its tokens, sees its end, and gives the text that can be shown.
struct CompletionBuilder {
    /// What one more token brought.
    struct Step {
        let token: TokenID
        let text: String
        let logprobs: TokenLogprobs?
        /// nil where the completion goes on.
        let end: FinishReason?
    }

    private(set) var completion: Completion
    private let options: GenerationOptions
    private let ending: Set<TokenID>
    private let excluded: Set<TokenID>
    private var sampler: Sampler
    private var constraint: ConstraintProgress?
    private var stops: StopMatcher
    private var detokenizer: StreamingDetokenizer

    /// - Parameter index: number among the completions of one prompt; each draws by a seed of its own.
    init(_ options: GenerationOptions, tokenizer: Tokenizer, index: Int = 0) {
        self.options = options
        var sampling = options.sampling
        if let seed = sampling.seed { sampling.seed = seed &+ UInt64(index) }
        sampler = Sampler(sampling)
        constraint = options.constraint.map { ConstraintProgress($0) }
        stops = StopMatcher(options.stop)
        detokenizer = StreamingDetokenizer(tokenizer)
        ending = tokenizer.endOfGeneration
        excluded = options.ignoreEndOfText ? ending : []
        completion = Completion(seed: sampler.seed)
    }

    /// Chooses the token after `history`.
    ///
    /// - Parameter hasRoom: whether the context has room for it, so that another can follow.
    /// Throws: `EngineError.notANumber` or `.noTokenLeft` when there is nothing to choose from.
    mutating func next(
        _ logits: Span<Float>, history: [TokenID], hasRoom: Bool
    ) throws(EngineError) -> Step {
        let token = try sampler.sample(
            logits, history: history, excluding: excluded, allowed: constraint?.allowed(ending: ending))
        let logprobs = options.logprobs.map { logProbabilities(of: token, in: logits, top: $0) }
        completion.tokens.append(token)
        if let logprobs { completion.logprobs.append(logprobs) }
        if !options.ignoreEndOfText, ending.contains(token) {
            return finish(token, .endOfText, logprobs)
        }
        guard constraint?.append(token) != false else { throw .noTokenLeft(position: history.count) }
        var text = stops.append(detokenizer.append(token))
        if stops.match != nil {
            completion.text += text
            completion.finishReason = .stop
            return Step(token: token, text: text, logprobs: logprobs, end: .stop)
        }
        completion.text += text
        let isLast = completion.tokens.count == options.maxTokens
        let isComplete = constraint?.isComplete == true
        guard isComplete || isLast || !hasRoom else {
            return Step(token: token, text: text, logprobs: logprobs, end: nil)
        }
        let last = finish(token, isComplete ? .stop : isLast ? .length : .contextFull, logprobs)
        text += last.text
        return Step(token: token, text: text, logprobs: logprobs, end: last.end)
    }

    /// Ends the completion from outside; gives the text that was held back.
    mutating func end(_ reason: FinishReason) -> String {
        var text = stops.append(detokenizer.finish())
        text += stops.finish()
        completion.text += text
        completion.finishReason = stops.match == nil ? reason : .stop
        return text
    }

    private mutating func finish(_ token: TokenID, _ reason: FinishReason, _ logprobs: TokenLogprobs?) -> Step {
        let text = end(reason)
        return Step(token: token, text: text, logprobs: logprobs, end: completion.finishReason)
    }
}
