import Engine
import JSON
import Tokenizer

/// A checked body of `/v1/completions`.
struct CompletionRequest: Sendable {
    let requests: [EngineRequest]
    let stream: StreamOptions?
    let count: Int
    /// Alternatives per token; nil for no log-probabilities.
    let logprobs: Int?
    private let promptLogprobs: Int?
    /// The texts of the prompts where they are to stand before the completions.
    let echo: [String]?

    /// Most tokens where the request does not say, as in the OpenAI API.
    static let defaultMaxTokens = 16

    /// Throws: `APIError` naming the parameter at fault.
    init(_ fields: Fields, model: ServedModel) throws(APIError) {
        try UnsupportedFields.completion.check(fields)
        let tokenizer = model.tokenizer
        let prompts = try PromptInput.read(fields, "prompt", vocabulary: tokenizer.vocabulary)
        let maxTokens = try fields.either("max_tokens", "max_completion_tokens") { (name) throws(APIError) in
            try fields.integer(name, 0...Int(Int32.max))
        }
        var generation = try GenerationFields(
            fields, maxTokens: maxTokens ?? Self.defaultMaxTokens, model: model)
        logprobs = try fields.integer("logprobs", 0...GenerationFields.maxLogprobs)
        promptLogprobs = generation.options.promptLogprobs
        let echoes = try fields.bool("echo") ?? false
        (count, stream) = (generation.count, generation.stream)

        generation.options.logprobs = logprobs
        if echoes, let logprobs { generation.options.promptLogprobs = max(logprobs, promptLogprobs ?? 0) }
        var requests: [EngineRequest] = []
        for (index, prompt) in prompts.enumerated() {
            let param = prompts.count > 1 ? "prompt[\(index)]" : "prompt"
            var request = EngineRequest(
                prompt: try model.fitting(prompt.encoded(tokenizer), param: param), options: generation.options,
                count: generation.count)
            request.usesCache = generation.usesCache
            request.priority = generation.priority
            requests.append(request)
        }
        self.requests = requests
        echo = echoes ? prompts.map { $0.shown(tokenizer) } : nil
    }

    /// An object of kind `text_completion`. All completions of the first prompt come first.
    func response(to results: [EngineResult], stamp: ResponseStamp, tokenizer: Tokenizer) -> JSONValue {
        let writer = LogprobWriter(tokenizer: tokenizer)
        var choices: [JSONValue] = []
        for (index, result) in results.enumerated() {
            for completion in result.completions(count) {
                var choice: [String: JSONValue] = [
                    "index": .integer(choices.count),
                    "text": .string((echo?[index] ?? "") + completion.text),
                    "logprobs": .null,
                    "finish_reason": completion.finishReason.value,
                ]
                if let logprobs {
                    var list = LegacyLogprobs(tokenizer, alternatives: logprobs)
                    if echo != nil { list.appendPrompt(requests[index].prompt, result.promptLogprobs) }
                    list.append(writer.shown(completion))
                    choice["logprobs"] = list.take()
                }
                if let promptLogprobs {
                    choice["prompt_logprobs"] = writer.prompt(result.promptLogprobs, alternatives: promptLogprobs)
                }
                choices.append(.object(choice))
            }
        }
        var response = stamp.members(prefix: "cmpl-", object: "text_completion", of: results)
        response["choices"] = .array(choices)
        return .object(response)
    }
}

extension PromptInput {
    /// As text; control tokens have none.
    func shown(_ tokenizer: Tokenizer) -> String {
        switch self {
        case .text(let text): text
        case .tokens(let ids): (try? tokenizer.decodeToString(ids)) ?? ""
        }
    }
}
