internal import Grammar
public import Tokenizer

/// Chooses tokens from logits: bias, penalties, top-k, typical, top-p, min-p, temperature, then a weighted draw.
public struct Sampler: Sendable {
    public let options: SamplingOptions
    /// The seed in use: the options' or the one that was drawn.
    public let seed: UInt64
    private var random: RandomSource

    public init(_ options: SamplingOptions) {
        self.options = options
        seed = options.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        random = RandomSource(seed: seed)
    }

    /// The next token after `history`. `excluded` tokens cannot come.
    ///
    /// Throws: `EngineError.notANumber` when a logit is NaN or +infinity, or no token is possible; `.noTokenLeft` when
    /// biases leave none.
    public mutating func sample(
        _ logits: Span<Float>, history: [TokenID], excluding excluded: Set<TokenID> = []
    ) throws(EngineError) -> TokenID {
        try sample(logits, history: history, excluding: excluded, allowed: nil)
    }

    /// The same, where only `allowed` tokens can come, whatever their biases; nil allows all.
    ///
    /// Throws: `EngineError.noTokenLeft` too, when none of those is possible.
    mutating func sample(
        _ logits: Span<Float>, history: [TokenID], excluding excluded: Set<TokenID>, allowed: TokenMask?
    ) throws(EngineError) -> TokenID {
        var values = [Float](unsafeUninitializedCapacity: logits.count) { target, count in
            for i in logits.indices { target.initializeElement(at: i, to: logits[i]) }
            count = logits.count
        }
        guard values.allSatisfy({ $0 < .infinity }) else { throw .notANumber(position: history.count) }
        for (token, bias) in options.logitBias { values[Int(token)] += bias }
        for token in excluded where values.indices.contains(Int(token)) { values[Int(token)] = -.infinity }
        penalize(&values, history)
        allowed?.forEachOther(below: values.count) { values[$0] = -.infinity }
        let nothing =
            allowed == nil && options.logitBias.isEmpty
            ? EngineError.notANumber(position: history.count) : .noTokenLeft(position: history.count)

        if options.temperature <= 0, options.typicalP >= 1 {
            var best = 0
            for i in values.indices where values[i] > values[best] { best = i }
            guard !values.isEmpty, values[best] > -.infinity else { throw nothing }
            return TokenID(best)
        }
        var candidates = Candidates(values)
        candidates.keepTop(options.topK)
        candidates.keepTypical(options.typicalP)
        candidates.keepTopP(options.topP)
        candidates.keepMinP(options.minP)
        let token =
            options.temperature <= 0
            ? candidates.best() : candidates.draw(temperature: options.temperature, &random)
        guard let token else { throw nothing }
        return token
    }

    private func penalize(_ logits: inout [Float], _ history: [TokenID]) {
        let o = options
        guard o.repeatLastN != 0, o.repeatPenalty != 1 || o.presencePenalty != 0 || o.frequencyPenalty != 0 else {
            return
        }
        let recent = o.repeatLastN < 0 ? history[...] : history.suffix(o.repeatLastN)
        let counts = recent.reduce(into: [TokenID: Int]()) { $0[$1, default: 0] += 1 }
        for (token, count) in counts where logits.indices.contains(Int(token)) {
            var logit = logits[Int(token)]
            logit = logit <= 0 ? logit * o.repeatPenalty : logit / o.repeatPenalty
            logits[Int(token)] = logit - Float(count) * o.frequencyPenalty - o.presencePenalty
        }
    }
}
