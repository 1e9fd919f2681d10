import Engine
import JSON
import Tokenizer

/// A checked body of `/v1/chat/completions`.
struct ChatRequest: Sendable {
    let request: EngineRequest
    let stream: StreamOptions?
    let count: Int
    /// Alternatives per token; nil for no log-probabilities.
    let logprobs: Int?
    private let promptLogprobs: Int?

    /// Throws: `APIError` naming the parameter at fault.
    init(_ fields: Fields, model: ServedModel) throws(APIError) {
        try UnsupportedFields.chat.check(fields)
        let conversation = try Conversation.read(fields)
        let maxTokens = try fields.either("max_completion_tokens", "max_tokens") { (name) throws(APIError) in
            try fields.integer(name, 1...Int(Int32.max))
        }
        var generation = try GenerationFields(fields, maxTokens: maxTokens, model: model)
        logprobs = try Self.logprobs(fields)
        generation.options.logprobs = logprobs
        promptLogprobs = generation.options.promptLogprobs
        (count, stream) = (generation.count, generation.stream)

        var request = EngineRequest(
            prompt: try model.tokens(conversation), options: generation.options, count: generation.count)
        request.usesCache = generation.usesCache
        request.priority = generation.priority
        self.request = request
    }

    private static func logprobs(_ fields: Fields) throws(APIError) -> Int? {
        let isAsked = try fields.bool("logprobs") ?? false
        let top = try fields.integer("top_logprobs", 0...GenerationFields.maxLogprobs)
        if let top, top > 0, !isAsked {
            throw fields.wrong("top_logprobs", "is of use only where `logprobs` is true.")
        }
        return isAsked ? top ?? 0 : nil
    }

    /// An object of kind `chat.completion`.
    func response(to result: EngineResult, stamp: ResponseStamp, tokenizer: Tokenizer) -> JSONValue {
        let writer = LogprobWriter(tokenizer: tokenizer)
        var response = stamp.members(prefix: "chatcmpl-", object: "chat.completion", of: [result])
        response["choices"] = .array(
            result.completions(count).enumerated().map { index, completion in
                [
                    "index": .integer(index),
                    "message": ["role": "assistant", "content": .string(completion.text), "refusal": nil],
                    "logprobs": logprobs.map { writer.chat(writer.shown(completion), alternatives: $0) } ?? .null,
                    "finish_reason": completion.finishReason.value,
                ]
            })
        if let promptLogprobs {
            response["prompt_logprobs"] = writer.prompt(result.promptLogprobs, alternatives: promptLogprobs)
        }
        return .object(response)
    }
}
