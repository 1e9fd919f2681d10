public import Engine
public import JSON
import Tokenizer

/// Writes an answer in pieces, as it comes out of an engine.
///
/// Each piece is the JSON of one server-sent event; all have the same id and time. Choices of several prompts or
/// completions come as they are computed, told apart by their index.
public struct ChunkWriter: Sendable {
    private let request: PreparedRequest
    private let stamp: ResponseStamp
    private let options: StreamOptions
    private var ended: Set<Int> = []
    /// Of completions with log-probabilities, by choice.
    private var lists: [Int: LegacyLogprobs] = [:]

    /// nil where the request does not ask for a stream.
    public init?(_ request: PreparedRequest, stamp: ResponseStamp) {
        guard let options = request.stream else { return nil }
        self.request = request
        self.stamp = stamp
        self.options = options
    }

    /// What can be sent before anything is computed.
    public mutating func opening() -> [JSONValue] {
        switch request.style {
        case .chat:
            (0..<request.choicesPerPrompt).map {
                chunk(choice($0, ["delta": ["role": "assistant", "content": ""]]))
            }
        // with log-probabilities the prompt is shown when they are known
        case .text(echo: let echo?, logprobs: nil):
            echo.indices.flatMap { prompt in
                (0..<request.choicesPerPrompt).map {
                    chunk(choice(prompt * request.choicesPerPrompt + $0, ["text": .string(echo[prompt])]))
                }
            }
        case .text, .llama, .other: []
        }
    }

    /// What `event` of prompt number `prompt` brings.
    public mutating func pieces(_ event: EngineEvent, prompt: Int) -> [JSONValue] {
        let first = prompt * request.choicesPerPrompt
        switch event {
        case .prefilled(let done, let total):
            return options.returnsProgress ? [progress(prompt, done: done, total: total)] : []
        case .prompt(let logprobs):
            return echo(prompt, logprobs)
        case .text(let text, let logprobs, let index):
            return text.isEmpty && shown(logprobs).isEmpty ? [] : [piece(first + index, text, shown(logprobs))]
        case .ended(let reason, let index):
            if case .llama = request.style { return [] }
            return [end(first + index, reason)]
        case .finished:
            return []
        }
    }

    /// What ends the stream, `[DONE]` apart.
    public mutating func closing(_ results: [EngineResult]) -> [JSONValue] {
        if case .llama(let llama) = request.style { return results.map { llama.last($0, stamp: stamp) } }
        var chunks: [JSONValue] = []
        for (prompt, result) in results.enumerated() {
            for (index, completion) in result.completions(request.choicesPerPrompt).enumerated() {
                let choice = prompt * request.choicesPerPrompt + index
                if !ended.contains(choice) { chunks.append(end(choice, completion.finishReason)) }
            }
        }
        guard options.includesUsage else { return chunks }
        var members = members()
        members["choices"] = []
        members["usage"] = stamp.usage(results)
        if stamp.showsTimings { members["timings"] = RequestTimings.json(results) }
        return chunks + [.object(members)]
    }

    private mutating func echo(_ prompt: Int, _ logprobs: [TokenLogprobs?]) -> [JSONValue] {
        guard case .text(echo: let echo?, logprobs: let alternatives?) = request.style else { return [] }
        return (0..<request.choicesPerPrompt).map { index in
            let number = prompt * request.choicesPerPrompt + index
            var list = LegacyLogprobs(request.tokenizer, alternatives: alternatives)
            list.appendPrompt(request.requests[prompt].prompt, logprobs)
            let value = list.take()
            lists[number] = list
            return chunk(choice(number, ["text": .string(echo[prompt]), "logprobs": value]))
        }
    }

    private mutating func piece(_ number: Int, _ text: String, _ logprobs: [TokenLogprobs]) -> JSONValue {
        switch request.style {
        case .llama(let llama):
            return llama.piece(text, logprobs, tokenizer: request.tokenizer)
        case .chat(let alternatives):
            let value = alternatives.map {
                LogprobWriter(tokenizer: request.tokenizer).chat(logprobs, alternatives: $0)
            }
            return chunk(
                choice(number, ["delta": ["content": .string(text)], "logprobs": value ?? .null]))
        case .text(_, let alternatives):
            guard let alternatives else { return chunk(choice(number, ["text": .string(text)])) }
            var list = lists[number] ?? LegacyLogprobs(request.tokenizer, alternatives: alternatives)
            list.append(logprobs)
            let value = list.take()
            lists[number] = list
            return chunk(choice(number, ["text": .string(text), "logprobs": value]))
        case .other:
            return .null
        }
    }

    private mutating func end(_ number: Int, _ reason: FinishReason) -> JSONValue {
        ended.insert(number)
        var members: [String: JSONValue] = ["finish_reason": reason.value]
        if case .chat = request.style { members["delta"] = [:] } else { members["text"] = "" }
        return chunk(choice(number, members))
    }

    private func progress(_ prompt: Int, done: Int, total: Int) -> JSONValue {
        if case .llama(let llama) = request.style { return llama.progress(done: done, total: total) }
        var members = members()
        members["choices"] = []
        members["prompt_progress"] = [
            "prompt": .integer(prompt), "processed": .integer(done), "total": .integer(total),
        ]
        return .object(members)
    }

    private func shown(_ logprobs: [TokenLogprobs]) -> [TokenLogprobs] {
        logprobs.filter { !request.tokenizer.endOfGeneration.contains($0.token) }
    }

    private func choice(_ index: Int, _ members: [String: JSONValue]) -> JSONValue {
        let all: [String: JSONValue] = ["index": .integer(index), "logprobs": .null, "finish_reason": .null]
        return .object(all.merging(members) { $1 })
    }

    private func chunk(_ choice: JSONValue) -> JSONValue {
        var members = members()
        members["choices"] = [choice]
        return .object(members)
    }

    private func members() -> [String: JSONValue] {
        let isChat = if case .chat = request.style { true } else { false }
        var members = stamp.members(
            prefix: isChat ? "chatcmpl-" : "cmpl-", object: isChat ? "chat.completion.chunk" : "text_completion")
        if options.includesUsage { members["usage"] = .null }
        return members
    }
}
