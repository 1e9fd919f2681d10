public import GGUF
public import Tokenizer

/// A Gemma 1 model: hyper-parameters, weights and tokenizer of one GGUF file.
public struct GemmaModel: Sendable {
    public let file: GGUFFile
    public let config: GemmaConfig
    public let weights: GemmaWeights
    public let tokenizer: Tokenizer
    /// `general.name`, or the architecture where the file has none.
    public let name: String
    /// The file's Jinja chat template, as text; Carat never runs it. nil for base models.
    public let chatTemplate: String?

    /// Throws: `GGUFError`, `GemmaError`, `ComputeError` or `TokenizerError`; each names what is wrong and the remedy.
    public init(_ file: GGUFFile) throws {
        self.file = file
        config = try GemmaConfig(file.metadata)
        tokenizer = Tokenizer(try Vocabulary(file.metadata))
        weights = try GemmaWeights(file, config: config, vocabularyCount: tokenizer.vocabulary.count)
        name = (try? file.metadata.string("general.name")) ?? "gemma"
        chatTemplate = try file.metadata.string("tokenizer.chat_template")
    }
}
