import Engine
import JSON
import Tokenizer

/// A checked body of llama-server's `/completion`, which scripts use for its timings and progress.
///
/// Its names and defaults are llama-server's: `n_predict` (-1 is no limit), `n_probs`, temperature 0.8, top-k 40, top-p
/// 0.95, min-p 0.05.
struct LlamaRequest: Sendable {
    let requests: [EngineRequest]
    let stream: StreamOptions?
    /// Alternatives per token; 0 for none.
    private let alternatives: Int
    private let prompts: [String]
    private let stops: [String]

    /// Throws: `APIError` naming the parameter at fault.
    init(_ fields: Fields, model: ServedModel) throws(APIError) {
        try UnsupportedFields.llama.check(fields)
        let tokenizer = model.tokenizer
        let inputs = try PromptInput.read(fields, "prompt", vocabulary: tokenizer.vocabulary)
        let limit = try fields.either("n_predict", "max_tokens") { (name) throws(APIError) in
            try fields.integer(name, -1...Int(Int32.max))
        }
        var generation = try GenerationFields(
            fields, maxTokens: limit.flatMap { $0 < 0 ? nil : $0 }, model: model, defaults: SamplingOptions())
        if let constraint = try ResponseFormat.llamaConstraint(fields, model: model) {
            generation.options.constraint = constraint
        }
        alternatives = try fields.integer("n_probs", 0...GenerationFields.maxLogprobs) ?? 0
        if alternatives > 0 { generation.options.logprobs = alternatives }
        guard generation.count == 1 else { throw fields.wrong("n", "is of use at /v1/completions only.") }
        stream = generation.stream
        stops = generation.options.stop
        if stream != nil, inputs.count > 1 {
            throw fields.wrong("prompt", "has \(inputs.count) prompts, where a stream has one.")
        }
        var requests: [EngineRequest] = []
        for (index, input) in inputs.enumerated() {
            var request = EngineRequest(
                prompt: try model.fitting(
                    input.encoded(tokenizer), param: inputs.count > 1 ? "prompt[\(index)]" : "prompt"),
                options: generation.options)
            request.usesCache = generation.usesCache
            request.priority = generation.priority
            requests.append(request)
        }
        self.requests = requests
        prompts = inputs.map { $0.shown(tokenizer) }
    }

    /// One object, or an array of them where there are several prompts.
    func response(to results: [EngineResult], stamp: ResponseStamp, tokenizer: Tokenizer) -> JSONValue {
        let answers = results.indices.map { index in
            var members = ending(results[index], prompt: index, stamp: stamp)
            let completion = results[index].completions(1)[0]
            members["content"] = .string(completion.text)
            members["tokens"] = .array(completion.tokens.map { .integer(Int($0)) })
            if alternatives > 0 {
                let shown = LogprobWriter(tokenizer: tokenizer).shown(completion)
                members["completion_probabilities"] = probabilities(shown, tokenizer)
            }
            return JSONValue.object(members)
        }
        return answers.count == 1 ? answers[0] : .array(answers)
    }

    /// One piece of a stream.
    func piece(_ text: String, _ logprobs: [TokenLogprobs], tokenizer: Tokenizer) -> JSONValue {
        var members: [String: JSONValue] = ["index": 0, "content": .string(text), "stop": false]
        if alternatives > 0 { members["completion_probabilities"] = probabilities(logprobs, tokenizer) }
        return .object(members)
    }

    /// How far the prefill is.
    func progress(done: Int, total: Int) -> JSONValue {
        [
            "index": 0, "content": "", "stop": false,
            "prompt_progress": ["processed": .integer(done), "total": .integer(total)],
        ]
    }

    /// The last piece, which has no text.
    func last(_ result: EngineResult, stamp: ResponseStamp) -> JSONValue {
        var members = ending(result, prompt: 0, stamp: stamp)
        members["content"] = ""
        return .object(members)
    }

    private func ending(_ result: EngineResult, prompt: Int, stamp: ResponseStamp) -> [String: JSONValue] {
        let completion = result.completions(1)[0]
        let type =
            switch completion.finishReason {
            case .endOfText: "eos"
            case .stop: "word"
            case .length, .contextFull, .cancelled: "limit"
            }
        return [
            "index": .integer(prompt), "id_slot": -1, "stop": true, "model": .string(stamp.model),
            "tokens_predicted": .integer(result.usage.generatedTokens),
            "tokens_evaluated": .integer(result.usage.promptTokens),
            "tokens_cached": .integer(result.usage.cachedTokens),
            "prompt": .string(prompts[prompt]), "truncated": false, "stop_type": .string(type),
            "stopping_word": .string(type == "word" && stops.count == 1 ? stops[0] : ""),
            "seed": .integer(Int(truncatingIfNeeded: completion.seed)),
            "timings": RequestTimings.json([result]),
        ]
    }

    private func probabilities(_ logprobs: [TokenLogprobs], _ tokenizer: Tokenizer) -> JSONValue {
        let writer = LogprobWriter(tokenizer: tokenizer)
        return .array(
            logprobs.map { entry in
                var members = writer.members(entry.token, entry.logprob)
                members["id"] = .integer(Int(entry.token))
                members["top_logprobs"] = .array(
                    entry.top.prefix(alternatives).map { top in
                        var members = writer.members(top.token, top.logprob)
                        members["id"] = .integer(Int(top.token))
                        return .object(members)
                    })
                return .object(members)
            })
    }
}
