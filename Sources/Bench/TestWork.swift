internal import Compute

/// Multiply-adds and bytes from memory that a test takes: counted, not measured.
package struct TestWork: Sendable, Equatable {
    /// Multiply-adds of projections, attention and logits.
    package let multiplyAdds: Double
    /// Bytes of weights for every forward call, and of the KV cache for every generated token. A prompt's own keys and
    /// values stay in the caches.
    package let bytes: Double

    package init(_ test: BenchTest, _ facts: ModelFacts) {
        let (prompt, generated) = (Double(test.prompt), Double(test.generated))
        let sequences = Double(test.sequences)
        let depth = Double(test.depth)
        let ubatch = max(1, min(test.ubatch, test.batch))
        let fullBatches = test.prompt / test.batch
        let rest = test.prompt % test.batch
        let batches = fullBatches + (rest > 0 ? 1 : 0)
        let forwards = fullBatches * Self.count(test.batch, ubatch) + Self.count(rest, ubatch)

        // the keys that positions depth ... depth + count - 1 see: each its own and all before
        func keys(from depth: Double, _ count: Double) -> Double { count * depth + count * (count + 1) / 2 }
        let seen = keys(from: depth, prompt) + sequences * keys(from: depth + prompt, generated)
        let logits = Double(batches) + sequences * generated
        multiplyAdds =
            (prompt + sequences * generated) * Double(facts.layerWeights) + logits * Double(facts.outputWeights)
            + seen * Double(facts.attentionPerKey)

        let steps = generated * (sequences / Double(ModelRunner.together(test))).rounded(.up)
        let cacheBytes = Double(facts.cacheBytes(keys: test.keyElement, values: test.valueElement))
        bytes =
            (Double(forwards) + steps) * Double(facts.layerBytes)
            + (Double(batches) + steps) * Double(facts.outputBytes)
            + sequences * keys(from: depth + prompt, generated) * cacheBytes
    }

    /// Calls of at most `size` that `total` takes.
    private static func count(_ total: Int, _ size: Int) -> Int { (total + size - 1) / size }
}
