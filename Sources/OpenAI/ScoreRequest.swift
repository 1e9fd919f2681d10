import Engine
import JSON
import Tokenizer

/// A checked body of `/v1/score`: how probable a text is, or each of some answers to a prompt. Nothing is generated.
///
/// `prompt` is text or token ids. With `answers`, an array of strings, each is scored as what follows the prompt; without,
/// the prompt itself is. `tokens: true` lists the log-probability of each token.
struct ScoreRequest: Sendable {
    let requests: [EngineRequest]
    /// Bytes of each answer; nil where the prompt is scored.
    private let answerBytes: [Int]?
    private let listsTokens: Bool

    /// Throws: `APIError` naming the parameter at fault.
    init(_ fields: Fields, model: ServedModel) throws(APIError) {
        let inputs = try PromptInput.read(fields, "prompt", vocabulary: model.tokenizer.vocabulary)
        guard inputs.count == 1, let input = inputs.first else {
            throw fields.wrong("prompt", "has \(inputs.count) prompts, where one is scored at a time.")
        }
        listsTokens = try fields.bool("tokens") ?? false
        let prompt = input.encoded(model.tokenizer)
        guard let answers = try Self.answers(fields) else {
            answerBytes = nil
            requests = [Self.scoring(try model.fitting(prompt, param: "prompt"), from: 1)]
            return
        }
        var wholes: [[TokenID]] = []
        for (index, answer) in answers.enumerated() {
            let whole: [TokenID]
            switch input {
            // as one text, so that tokens are those that the model knows
            case .text(let text): whole = model.tokenizer.encode(text + answer)
            case .tokens(let ids): whole = ids + model.tokenizer.encode(answer, addBOS: false)
            }
            wholes.append(try model.fitting(whole, param: "answers[\(index)]"))
        }
        // A token may hold the end of the prompt and the beginning of an answer. All are scored from where the first of
        // them parts from the prompt, so that their sums can be compared.
        let common = wholes.map { whole in
            min(zip(prompt, whole).prefix { $0 == $1 }.count, whole.count - 1)
        }
        let first = max(1, common.min() ?? 1)
        requests = wholes.map { Self.scoring($0, from: first) }
        answerBytes = answers.map(\.utf8.count)
    }

    private static func answers(_ fields: Fields) throws(APIError) -> [String]? {
        guard let value = fields["answers"], value != .null else { return nil }
        guard case .array(let elements) = value, !elements.isEmpty, elements.count <= PromptInput.maxCount else {
            throw fields.wrong("answers", "has to be an array of 1 to \(PromptInput.maxCount) strings.")
        }
        var answers: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string else {
                throw fields.wrongType("answers[\(index)]", element, expected: "a string")
            }
            guard !text.isEmpty else { throw fields.wrong("answers[\(index)]", "is empty.") }
            answers.append(text)
        }
        return answers
    }

    private static func scoring(_ tokens: [TokenID], from first: Int) -> EngineRequest {
        var options = GenerationOptions(maxTokens: 0)
        options.promptLogprobs = 0
        options.firstScoredToken = first
        return EngineRequest(prompt: tokens, options: options)
    }

    /// Throws: `APIError` with status 500 where a log-probability is not a number.
    func response(to results: [EngineResult], stamp: ResponseStamp, tokenizer: Tokenizer) throws(APIError) -> JSONValue
    {
        let tokens = JSONValue.integer(results.reduce(0) { $0 + $1.usage.promptTokens })
        var members: [String: JSONValue] = [
            "object": "score", "id": .string("score-" + stamp.id), "created": .integer(stamp.created),
            "model": .string(stamp.model), "usage": ["prompt_tokens": tokens, "total_tokens": tokens],
        ]
        var scores: [[String: JSONValue]] = []
        for result in results { scores.append(try score(result, tokenizer)) }
        if let answerBytes {
            for (index, bytes) in answerBytes.enumerated() { scores[index]["bytes"] = .integer(bytes) }
            members["answers"] = .array(scores.map { .object($0) })
            let values = results.map(Self.sum)
            members["best"] = .integer(values.indices.max { (values[$0], -$0) < (values[$1], -$1) } ?? 0)
        } else if let score = scores.first {
            members.merge(score) { old, _ in old }
        }
        return .object(members)
    }

    private static func sum(_ result: EngineResult) -> Double {
        result.promptLogprobs.reduce(0) { $0 + ($1?.logprob ?? 0) }
    }

    private func score(_ result: EngineResult, _ tokenizer: Tokenizer) throws(APIError) -> [String: JSONValue] {
        let scored = result.promptLogprobs.compactMap(\.self)
        let sum = Self.sum(result)
        guard sum.isFinite else {
            throw .server("The log-probability is not a number. Fetch or convert the model again.")
        }
        let count = scored.count
        var members: [String: JSONValue] = [
            "logprob": .number(sum), "tokens": .integer(count),
            "perplexity": count > 0 ? .number(Perplexity.value(logprob: sum, tokens: count)) : .null,
        ]
        if listsTokens {
            members["token_logprobs"] = .array(
                scored.map { ["id": .integer(Int($0.token)), "logprob": .number($0.logprob)] })
        }
        return members
    }
}
