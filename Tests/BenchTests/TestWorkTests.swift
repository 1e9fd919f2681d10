import Bench
import Compute
import Testing

@Suite struct TestWorkTests {
    private func facts() throws -> ModelFacts { try BenchModel(path: nil).facts }

    /// 100 positions in batches of 60 and ubatches of 32: calls of 32, 28, 32 and 8, logits twice.
    @Test func aPromptReadsTheWeightsForEachCall() throws {
        let facts = try facts()
        var test = BenchTest(prompt: 100, generated: 0)
        (test.batch, test.ubatch) = (60, 32)
        let work = TestWork(test, facts)
        #expect(work.bytes == Double(4 * facts.layerBytes + 2 * facts.outputBytes))
        let seen = 100 * 101 / 2  // keys that causal attention sees
        #expect(
            work.multiplyAdds
                == Double(100 * facts.layerWeights + 2 * facts.outputWeights + seen * facts.attentionPerKey))
    }

    @Test func aStepReadsTheWeightsAndTheCache() throws {
        let facts = try facts()
        var test = BenchTest(prompt: 0, generated: 2)
        test.depth = 10
        let work = TestWork(test, facts)
        let seen = 11 + 12
        let cacheBytes = seen * facts.cacheBytes(keys: .f16, values: .f16)
        #expect(work.bytes == Double(2 * (facts.layerBytes + facts.outputBytes) + cacheBytes))
        test.valueElement = .f32
        #expect(TestWork(test, facts).bytes == work.bytes + Double(cacheBytes / 2))
        #expect(
            work.multiplyAdds
                == Double(2 * (facts.layerWeights + facts.outputWeights) + seen * facts.attentionPerKey))
    }

    @Test func factsAreThoseOfTheFile() throws {
        let facts = try facts()
        #expect(facts.parameters == 3_279_104 && facts.size == 2_198_784)
        #expect(facts.type == "gemma ?B Q4_K - Medium" && facts.formats == ["Q4_K", "Q6_K"])
        #expect(facts.cacheBytes(keys: .f16, values: .f16) == 1024 && facts.layerBytes + facts.outputBytes < facts.size)
    }
}
