public import Engine
public import JSON
import Tokenizer

/// A request body that was found good: the work for an engine, and how to write its answer.
///
/// All that may be refused is refused here, before anything is computed or sent.
public struct PreparedRequest: Sendable {
    public let endpoint: Endpoint
    /// One for each prompt; an answer takes the results of all.
    public let requests: [EngineRequest]
    /// Set where the answer is to come in pieces.
    public let stream: StreamOptions?
    /// Seconds after which the client does not want the answer any more.
    public let timeout: Double?
    private let answer: Answer
    private let model: ServedModel
    var tokenizer: Tokenizer { model.tokenizer }

    private enum Answer: Sendable {
        case chat(ChatRequest)
        case completion(CompletionRequest)
        case embedding(EmbeddingRequest)
        case score(ScoreRequest)
        case llama(LlamaRequest)
    }

    /// Throws: `APIError` with status 400, or 404 for another model's name.
    public init(_ endpoint: Endpoint, body: JSONValue, model: ServedModel) throws(APIError) {
        let fields = try Fields(body)
        try model.checkName(fields)
        self.endpoint = endpoint
        self.model = model
        timeout = try fields.number("timeout", 0.001...86_400)
        switch endpoint {
        case .chatCompletions:
            let chat = try ChatRequest(fields, model: model)
            (answer, requests, stream) = (.chat(chat), [chat.request], chat.stream)
        case .completions:
            let completion = try CompletionRequest(fields, model: model)
            (answer, requests, stream) = (.completion(completion), completion.requests, completion.stream)
        case .embeddings:
            let embedding = try EmbeddingRequest(fields, model: model)
            (answer, requests, stream) = (.embedding(embedding), embedding.requests, nil)
        case .score:
            let score = try ScoreRequest(fields, model: model)
            (answer, requests, stream) = (.score(score), score.requests, nil)
        case .llamaCompletion:
            let llama = try LlamaRequest(fields, model: model)
            (answer, requests, stream) = (.llama(llama), llama.requests, llama.stream)
        }
    }

    /// - Parameter limit: most bytes.
    /// - Throws: `APIError` also for bytes that are no JSON object, and with status 413 for too many.
    public init(_ endpoint: Endpoint, bytes: [UInt8], limit: Int, model: ServedModel) throws(APIError) {
        let body: JSONValue
        do throws(JSONError) { body = try JSONValue(parsing: bytes, limit: limit) } catch { throw APIError(error) }
        try self.init(endpoint, body: body, model: model)
    }

    /// How pieces of the answer look.
    enum Style: Sendable {
        /// With so many alternatives per token where log-probabilities are wanted.
        case chat(Int?)
        /// With the prompts' texts where they are to stand before the completions.
        case text(echo: [String]?, logprobs: Int?)
        case llama(LlamaRequest)
        case other
    }

    var style: Style {
        switch answer {
        case .chat(let chat): .chat(chat.logprobs)
        case .completion(let completion): .text(echo: completion.echo, logprobs: completion.logprobs)
        case .llama(let llama): .llama(llama)
        case .embedding, .score: .other
        }
    }

    /// Choices that each prompt has.
    var choicesPerPrompt: Int {
        switch answer {
        case .chat(let chat): chat.count
        case .completion(let completion): completion.count
        case .embedding, .score, .llama: 1
        }
    }

    /// The body of the response.
    ///
    /// - Parameter results: one for each of `requests`, in their order.
    /// - Throws: `APIError` where a result was cancelled or holds what is not a number.
    public func response(to results: [EngineResult], stamp: ResponseStamp) throws(APIError) -> JSONValue {
        guard results.count == requests.count else {
            throw .server("There are \(results.count) results for \(requests.count) prompts. Please report this.")
        }
        for completion in results.flatMap(\.completions) where completion.finishReason == .cancelled {
            throw APIError(EngineError.cancelled)
        }
        return switch answer {
        case .chat(let chat): chat.response(to: results[0], stamp: stamp, tokenizer: model.tokenizer)
        case .completion(let completion):
            completion.response(to: results, stamp: stamp, tokenizer: model.tokenizer)
        case .embedding(let embedding): try embedding.response(to: results, stamp: stamp)
        case .score(let score): try score.response(to: results, stamp: stamp, tokenizer: model.tokenizer)
        case .llama(let llama): llama.response(to: results, stamp: stamp, tokenizer: model.tokenizer)
        }
    }
}
