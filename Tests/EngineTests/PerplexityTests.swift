import Compute
import Engine
import Gemma
import Planner
import TestSupport
import Testing
import Tokenizer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// llama.cpp's perplexity of each file of carat-tiny on a text it has not seen.
@Suite(.serialized) struct PerplexityTests {
    private struct Golden: Decodable {
        let context: Int
        let perplexity: [String: Double]
    }

    static let formats = ["F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K"]
        .filter(Fixtures.hasTinyModel)

    @Test(arguments: formats, MatmulPath.allCases)
    func isLlamaCpps(format: String, path: MatmulPath) throws {
        let file = try #require(try Fixtures.tinyModel(format))
        let golden = try JSONDecoder().decode(Golden.self, from: try Fixtures.data("goldens/perplexity.json"))
        let expected = try #require(golden.perplexity[format])
        let model = try GemmaModel(file)
        let gemma = Gemma(
            model, plan: .uniform(path),
            executor: Executor(threads: ThreadBudget.current().threads))
        let tokens = model.tokenizer.encode(try Fixtures.text("texts/heldout.txt"))
        let result = try Perplexity(of: tokens, gemma: gemma, window: golden.context)
        #expect(result.scoredTokens == tokens.count / golden.context * (golden.context / 2 - 1))
        #expect(abs(result.value / expected - 1) < 0.003, "\(format): \(result.value), llama.cpp \(expected)")
        print("perplexity \(format) \(path.rawValue): \(result.value), llama.cpp \(expected)")
    }

    /// A byte per number instead of four does not change how well a text is foretold.
    @Test(arguments: ["F16", "Q4_K_M"])
    func aQuantizedCacheCostsNextToNothing(format: String) throws {
        let model = try GemmaModel(try #require(try Fixtures.tinyModel(format)))
        let gemma = Gemma(
            model, plan: EngineSettings().plan(for: model.weights.planned),
            executor: Executor(threads: ThreadBudget.current().threads))
        let tokens = model.tokenizer.encode(try Fixtures.text("texts/heldout.txt"))
        let exact = try Perplexity(of: tokens, gemma: gemma, cacheElement: .f32)
        let quantized = try Perplexity(of: tokens, gemma: gemma, cacheElement: .q8_0)
        print("perplexity \(format): KV f32 \(exact.value), q8_0 \(quantized.value)")
        #expect(abs(quantized.value / exact.value - 1) < 0.005)
    }

    @Test func aTextShorterThanAWindowIsAnError() throws {
        let model = try GemmaModel(try EmbeddedModel.open())
        let gemma = Gemma(
            model, plan: EngineSettings().plan(for: model.weights.planned), executor: Executor(threads: 1))
        #expect(throws: EngineError.textTooShort(tokens: 3, needed: 512)) {
            try Perplexity(of: [2, 5, 6], gemma: gemma)
        }
    }
}
