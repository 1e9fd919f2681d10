public import Engine
internal import GGUF
internal import Gemma
internal import Synchronization
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
/// Generations run side by side on a thread of their own, so that no thread of Swift's concurrency pool is kept busy;
/// what their prompts have in common is computed once. All methods may be called from any task.
public struct Model: Sendable {
    private let model: GemmaModel
    private let engine: Engine

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
        engine = try Engine(model, settings: settings)
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
        stream(options) { $0.tokenizer.encode(prompt) }
    }

    /// Continues `prompt` and returns the whole, with finish reason, counts, times and seed. Cancelling the task ends it
    /// early, with what was made.
    public func complete(
        _ prompt: String, options: GenerationOptions = GenerationOptions()
    ) async throws -> GenerationResult {
        let text = Mutex("")
        let request = EngineRequest(prompt: model.tokenizer.encode(prompt), options: options)
        do {
            let result = try await engine.run(request) { event in
                if case .text(let piece, _, _) = event { text.withLock { $0 += piece } }
            }
            return GenerationResult(result)
        } catch {
            guard error == .cancelled else { throw error }
            return GenerationResult(
                text: text.withLock { $0 }, finishReason: .cancelled, timings: .init(), seed: options.sampling.seed ?? 0
            )
        }
    }

    /// Answers `message` as a user's turn.
    ///
    /// Throws from the stream: `EngineError.noChatTemplate` when the model is not made for conversation,
    /// `.unsupportedChatTemplate` when it is made for other turns.
    public func reply(
        to message: String, options: GenerationOptions = GenerationOptions()
    ) -> AsyncThrowingStream<String, any Error> {
        stream(options) { model in
            guard let template = try ChatTemplate(model) else {
                throw EngineError.noChatTemplate(model: model.name)
            }
            return template.userTurn(message, after: .start, tokenizer: model.tokenizer)
        }
    }

    private func stream(
        _ options: GenerationOptions, prompt: @escaping @Sendable (GemmaModel) throws -> [TokenID]
    ) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            // encoding a long text takes its time: not on the caller
            let task = Task { [model, engine] in
                do {
                    let request = EngineRequest(prompt: try prompt(model), options: options)
                    for try await event in engine.stream(request) {
                        if case .text(let piece, _, _) = event, !piece.isEmpty { continuation.yield(piece) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension GenerationResult {
    /// The first completion of a request.
    fileprivate init(_ result: EngineResult) {
        let completion = result.completions.first
        var timings = GenerationTimings()
        timings.promptTokens = result.usage.promptTokens - result.usage.cachedTokens
        timings.cachedTokens = result.usage.cachedTokens
        timings.generatedTokens = result.usage.generatedTokens
        timings.prefillSeconds = result.timings.prefillSeconds
        timings.decodeSeconds = result.timings.decodeSeconds
        timings.firstTokenSeconds = result.timings.firstTokenSeconds
        self.init(
            text: completion?.text ?? "", finishReason: completion?.finishReason ?? .length, timings: timings,
            seed: completion?.seed ?? 0)
    }
}
