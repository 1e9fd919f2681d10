public import Compute
public import Gemma
public import Tokenizer

/// Perplexity in llama.cpp's windows, so that figures can be compared.
///
/// The tokens are cut into windows of `window`; each begins with BOS in place of its first token, and the second half is
/// scored: every scored token has at least half a window of context.
public struct Perplexity: Sendable, Equatable {
    /// Sum of -ln p over the scored tokens, nats.
    public private(set) var negativeLogLikelihood = 0.0
    public private(set) var scoredTokens = 0

    /// exp of the mean negative log-likelihood.
    public var value: Double { Self.value(logprob: -negativeLogLikelihood, tokens: scoredTokens) }

    /// The perplexity of `count` tokens whose ln p add up to `sum`; the largest Double where it would be infinite.
    public static func value(logprob sum: Double, tokens count: Int) -> Double {
        min(Double.exp(-sum / Double(max(1, count))), .greatestFiniteMagnitude)
    }

    /// Scores as many whole windows as `tokens` has; a shorter text throws `EngineError.textTooShort`.
    public init(
        of tokens: [TokenID], gemma: Gemma, window: Int = 512, cacheElement: KVCache.Element = .f16,
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(EngineError) {
        let windows = tokens.count / window
        guard windows > 0 else { throw .textTooShort(tokens: tokens.count, needed: window) }
        let cache = gemma.makeCache(capacity: window, element: cacheElement)
        for index in 0..<windows {
            var input = Array(tokens[index * window..<(index + 1) * window])
            if let bos = gemma.model.tokenizer.bos { input[0] = bos }
            cache.truncate(to: 0)
            for start in stride(from: 0, to: window, by: gemma.ubatch) {
                let end = min(start + gemma.ubatch, window)
                do { try gemma.forward(Array(input[start..<end]), cache: cache) } catch { throw .cancelled }
                let scored = max(start, window / 2)..<max(start, window / 2, min(end, window - 1))
                try score(scored, of: input, ubatchStart: start, gemma: gemma)
            }
            progress(index + 1, windows)
        }
    }

    private mutating func score(
        _ positions: Range<Int>, of input: [TokenID], ubatchStart: Int, gemma: Gemma
    ) throws(EngineError) {
        for first in stride(from: positions.lowerBound, to: positions.upperBound, by: Gemma.logitRows) {
            let last = min(first + Gemma.logitRows, positions.upperBound)
            let logits = gemma.logits(rows: first - ubatchStart..<last - ubatchStart)
            for position in first..<last {
                let loss = logits.withRow(position - first) { -logProbability(of: input[position + 1], in: $0) }
                guard loss.isFinite else { throw .notANumber(position: position) }
                negativeLogLikelihood += loss
                scoredTokens += 1
            }
        }
    }
}
