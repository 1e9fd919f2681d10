internal import Tokenizer

/// ln of the softmax of `logits` at `token`.
func logProbability(of token: TokenID, in logits: Span<Float>) -> Double {
    Double(logits[Int(token)]) - logOfSum(logits)
}

/// The same with the `count` most probable tokens.
func logProbabilities(of token: TokenID, in logits: Span<Float>, top count: Int) -> TokenLogprobs {
    let sum = logOfSum(logits)
    var top: [TokenLogprobs.Entry] = []
    if count > 0 {
        // a short ordered list: the many logits that don't enter it cost one comparison each
        var best: [(token: Int, logit: Float)] = []
        for i in logits.indices where best.count < count || logits[i] > (best.last?.logit ?? 0) {
            let place = best.firstIndex { $0.logit < logits[i] } ?? best.count
            best.insert((i, logits[i]), at: place)
            if best.count > count { best.removeLast() }
        }
        top = best.map { TokenLogprobs.Entry(token: TokenID($0.token), logprob: Double($0.logit) - sum) }
    }
    return TokenLogprobs(token: token, logprob: Double(logits[Int(token)]) - sum, top: top)
}

/// ln of the sum of exp over `logits`; NaN where one of them is.
private func logOfSum(_ logits: Span<Float>) -> Double {
    var top = -Float.infinity
    for i in logits.indices where !(logits[i] <= top) { top = logits[i] }
    var sum = 0.0
    for i in logits.indices { sum += Double.exp(logits[i] - top) }
    return Double(top) + Double.log(sum)
}
