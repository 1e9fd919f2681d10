/// How well tokens were foretold, as the mean number of equally probable choices per token.
public enum Perplexity {
    /// exp of the mean negative log-likelihood of `count` tokens whose ln p add up to `sum`; the largest Double where it
    /// would be infinite.
    public static func value(logprob sum: Double, tokens count: Int) -> Double {
        min(Double.exp(-sum / Double(max(1, count))), .greatestFiniteMagnitude)
    }
}
