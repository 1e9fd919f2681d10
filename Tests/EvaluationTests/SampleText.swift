import Compute
import Engine
import Evaluation
import GGUF
import Gemma
import Planner
import TestSupport
import Testing
import Tokenizer

/// A format of carat-tiny and the text that it is judged by.
struct SampleText {
    let model: GemmaModel
    let tokens: [TokenID]

    init(_ format: String) throws {
        model = try GemmaModel(try #require(try Fixtures.tinyModel(format)))
        tokens = model.tokenizer.encode(try Fixtures.text("texts/heldout.txt"))
    }

    func windows(_ window: Int, stride: Int? = nil, limit: Int? = nil) throws -> TextWindows {
        try TextWindows(tokens, tokenizer: model.tokenizer, window: window, stride: stride, limit: limit)
    }

    func reader(
        _ windows: TextWindows, precision: Precision = .auto, cache: KVCache.Element = .f16, ubatch: Int = 512
    ) throws -> WindowModel {
        var settings = EngineSettings()
        (settings.precision, settings.cacheElement, settings.ubatch) = (precision, cache, ubatch)
        return try WindowModel(model, settings: settings, windows: windows)
    }
}
