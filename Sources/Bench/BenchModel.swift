package import Engine
internal import GGUF
package import Gemma

/// A model to be measured, and how long it took from its file to a first token.
package struct BenchModel {
    package let model: GemmaModel
    package var facts: ModelFacts
    /// What its runs start from: costs and errors that were measured, say.
    package var settings = EngineSettings()
    /// From the path to a model ready to run: header, tokenizer, checks. The weights are mapped, not read.
    package let loadSeconds: Double

    /// - Parameter path: nil for the model inside the program.
    /// Throws: what opening says: `GGUFError`, `GemmaError`, `ComputeError`, `TokenizerError`.
    package init(path: String?) throws {
        let start = ContinuousClock.now
        let file = try path.map { try GGUFFile(path: $0) } ?? EmbeddedModel.open()
        model = try GemmaModel(file)
        loadSeconds = (ContinuousClock.now - start) / .seconds(1)
        facts = ModelFacts(model, filename: path ?? EmbeddedModel.name)
    }
}
