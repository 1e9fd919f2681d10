import Compute
import Engine
import Evaluation
import GGUF
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

    /// `full` takes OpenBLAS for prefills, `fast` the quantized kernels.
    @Test(arguments: formats, [Precision.full, .fast])
    func isLlamaCpps(format: String, precision: Precision) throws {
        let golden = try JSONDecoder().decode(Golden.self, from: try Fixtures.data("goldens/perplexity.json"))
        let expected = try #require(golden.perplexity[format])
        let sample = try SampleText(format)
        let windows = try sample.windows(golden.context)
        let result = try TextPerplexity(of: windows, by: try sample.reader(windows, precision: precision))
        #expect(result.losses.count == windows.tokens.count / golden.context * (golden.context / 2 - 1))
        #expect(
            abs(result.estimate.value / expected - 1) < 0.003, "\(format): \(result.estimate), llama.cpp \(expected)")
        print("perplexity \(format) \(precision.rawValue): \(result.estimate.value), llama.cpp \(expected)")
    }

    /// A byte per number instead of four does not change how well a text is foretold.
    @Test(arguments: ["F16", "Q4_K_M"])
    func aQuantizedCacheCostsNextToNothing(format: String) throws {
        let sample = try SampleText(format)
        let windows = try sample.windows(512)
        let values = try [KVCache.Element.f32, .q8_0].map { element in
            try TextPerplexity(of: windows, by: try sample.reader(windows, cache: element)).estimate.value
        }
        print("perplexity \(format): KV f32 \(values[0]), q8_0 \(values[1])")
        #expect(abs(values[1] / values[0] - 1) < 0.005)
    }

    /// Windows share forward calls or take several: the figures are the same.
    @Test(arguments: [(128, nil), (128, 32), (1024, nil)] as [(Int, Int?)])
    func figuresDoNotDependOnTheUbatch(window: Int, stride: Int?) throws {
        let sample = try SampleText("Q4_K_M")
        let windows = try sample.windows(window, stride: stride, limit: 4)
        let results = try [512, 96].map { ubatch in
            try TextPerplexity(of: windows, by: try sample.reader(windows, precision: .fast, ubatch: ubatch))
        }
        #expect(results[0] == results[1] && results[0].losses.count == 4 * windows.scored.count)
    }

    /// A window alone is a text whose tokens the engine scores.
    @Test func aWindowsLossesAreTheEngines() async throws {
        let sample = try SampleText("Q4_K_M")
        let windows = try sample.windows(64, stride: 16, limit: 1)
        let result = try TextPerplexity(of: windows, by: try sample.reader(windows, precision: .fast))
        var settings = EngineSettings()
        settings.precision = .fast
        let engine = try Engine(sample.model, settings: settings)
        var options = GenerationOptions(maxTokens: 0)
        (options.promptLogprobs, options.firstScoredToken) = (0, 48)
        let scores = try await engine.run(EngineRequest(prompt: Array(sample.tokens.prefix(64)), options: options))
        let mean = -scores.promptLogprobs.compactMap { $0?.logprob }.reduce(0, +) / 16
        #expect(result.losses.count == 16 && abs(result.losses.mean - mean) < 1e-5)
    }

    @Test func textsThatAreTooShortAreErrors() throws {
        let tokenizer = try SampleText("Q4_K_M").model.tokenizer
        func windows(_ count: Int, _ window: Int, _ stride: Int? = nil) throws -> TextWindows {
            try TextWindows(Array(repeating: 5, count: count), tokenizer: tokenizer, window: window, stride: stride)
        }
        #expect(throws: EvaluationError.emptyText) { try windows(0, 512) }
        #expect(throws: EvaluationError.textTooShort(tokens: 511, window: 512)) { try windows(511, 512) }
        #expect(throws: EvaluationError.windowTooShort(window: 3, least: 4)) { try windows(9, 3) }
        #expect(throws: EvaluationError.strideOutOfRange(stride: 0, window: 8)) { try windows(9, 8, 0) }
        #expect(throws: EvaluationError.strideOutOfRange(stride: 8, window: 8)) { try windows(9, 8, 8) }
        #expect(try windows(512, 512).count == 1)
        #expect(try windows(8 + 3 * 5 + 4, 8, 5).count == 4)
    }

    @Test func aWindowOverTheContextIsAnError() throws {
        let sample = try SampleText("Q4_K_M")
        let windows = try sample.windows(4096)
        #expect(throws: EngineError.contextTooLong(requested: 4096, limit: 2048)) { try sample.reader(windows) }
    }

    @Test func workCanBeCancelled() throws {
        let sample = try SampleText("Q4_K_M")
        let windows = try sample.windows(512)
        let reader = try sample.reader(windows)
        var layers = 0
        reader.isCancelled = {
            layers += 1
            return layers > 6
        }
        #expect(throws: EvaluationError.cancelled) { try TextPerplexity(of: windows, by: reader) }
    }

    @Test func logitsThatAreNoNumbersAreErrors() throws {
        var bytes = RandomModel().encoded()
        let place = try GGUFFile(bytes: FileBytes(copying: bytes)).requireTensor("output_norm.weight").offset
        bytes.replaceSubrange(place..<place + 4, with: [0, 0, 0xC0, 0x7F])  // NaN
        let model = try GemmaModel(GGUFFile(bytes: FileBytes(copying: bytes)))
        let windows = try TextWindows(Array(repeating: 7, count: 64), tokenizer: model.tokenizer, window: 64)
        #expect(throws: EvaluationError.notANumber(window: 1)) {
            try TextPerplexity(
                of: windows, by: try WindowModel(model, settings: EngineSettings(), windows: windows))
        }
    }
}
