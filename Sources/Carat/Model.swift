public import Engine
internal import GGUF
internal import Gemma
internal import Tokenizer

/// A Gemma model, ready to generate text.
///
/// ```swift
/// let model = try Model(path: "gemma-2b-Q4_K_M.gguf")
/// for try await piece in model.generate("It was a dark night", options: GenerationOptions(maxTokens: 100)) {
///     print(piece, terminator: "")
/// }
/// ```
///
/// Generations run one after another on a thread of their own, so that no thread of Swift's concurrency pool is kept
/// busy. All methods may be called from any task.
public struct Model: Sendable {
    private let model: GemmaModel
    private let thread: EngineThread

    /// Opens a GGUF file; its weights stay on disk and are mapped.
    ///
    /// Throws: an error whose description names what is wrong with the file, and the remedy.
    public init(path: String, settings: EngineSettings = EngineSettings()) throws {
        try self.init(GemmaModel(GGUFFile(path: path)), settings)
    }

    /// carat-tiny, the small model inside the library: for a first try, examples and tests.
    public static func embedded(settings: EngineSettings = EngineSettings()) throws -> Model {
        try Model(GemmaModel(EmbeddedModel.open()), settings)
    }

    private init(_ model: GemmaModel, _ settings: EngineSettings) throws {
        self.model = model
        thread = try EngineThread(model, settings: settings)
    }

    /// `general.name` of the file.
    public var name: String { model.name }
    /// Tokens that prompt and reply together may have, as the model was made.
    public var contextLength: Int { model.config.contextLength }
    /// Whether the file is made for conversation, in Gemma's turns.
    public var isInstructionTuned: Bool { (try? ChatTemplate(model)) != nil }

    /// The number of tokens of a text, a BOS token included where the model begins with one.
    public func tokenCount(of text: String) -> Int { model.tokenizer.encode(text).count }

    /// Continues `prompt`, piece by piece. To end early, end the loop or cancel its task.
    ///
    /// Throws from the stream: `EngineError`, before the first piece when the prompt does not fit.
    public func generate(
        _ prompt: String, options: GenerationOptions = GenerationOptions()
    ) -> AsyncThrowingStream<String, any Error> {
        thread.generate(options) { $0.tokenizer.encode(prompt) }
    }

    /// Continues `prompt` and returns the whole, with finish reason, counts, times and seed. Cancelling the task ends it
    /// early, with what was made.
    public func complete(
        _ prompt: String, options: GenerationOptions = GenerationOptions()
    ) async throws -> GenerationResult {
        try await thread.complete(options) { $0.tokenizer.encode(prompt) }
    }

    /// Answers `message` as a user's turn.
    ///
    /// Throws from the stream: `EngineError.noChatTemplate` when the model is not made for conversation,
    /// `.unsupportedChatTemplate` when it is made for other turns.
    public func reply(
        to message: String, options: GenerationOptions = GenerationOptions()
    ) -> AsyncThrowingStream<String, any Error> {
        thread.generate(options) { model in
            guard let template = try ChatTemplate(model) else {
                throw EngineError.noChatTemplate(model: model.name)
            }
            return template.userTurn(message, after: .start, tokenizer: model.tokenizer)
        }
    }
}
