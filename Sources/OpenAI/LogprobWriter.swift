import Engine
import JSON
import Tokenizer

/// Writes log-probabilities in the three shapes that clients know.
struct LogprobWriter {
    let tokenizer: Tokenizer

    /// Stands for all that is less probable, and for what JSON cannot say.
    static let least = -9999.0

    /// Of the tokens that make up the text: the one that ended it is not shown.
    func shown(_ completion: Completion) -> [TokenLogprobs] {
        guard completion.finishReason == .endOfText, let last = completion.logprobs.last,
            tokenizer.endOfGeneration.contains(last.token)
        else { return completion.logprobs }
        return completion.logprobs.dropLast()
    }

    /// The shape of chat completions.
    func chat(_ logprobs: [TokenLogprobs], alternatives: Int) -> JSONValue {
        let content = logprobs.map { entry -> JSONValue in
            var members = members(entry.token, entry.logprob)
            members["top_logprobs"] = .array(
                entry.top.prefix(alternatives).map { .object(self.members($0.token, $0.logprob)) })
            return .object(members)
        }
        return ["content": .array(content), "refusal": nil]
    }

    func members(_ token: TokenID, _ logprob: Double) -> [String: JSONValue] {
        let bytes = tokenizer.piece(token)
        return [
            "token": .string(String(decoding: bytes, as: UTF8.self)), "logprob": number(logprob),
            "bytes": .array(bytes.map { .integer(Int($0)) }),
        ]
    }

    /// The alternatives and the token itself. Of tokens with the same text the most probable one counts.
    func top(_ entry: TokenLogprobs, alternatives: Int) -> JSONValue {
        var top = [name(entry.token): max(entry.logprob, Self.least)]
        for alternative in entry.top.prefix(alternatives) {
            let name = name(alternative.token)
            top[name] = max(alternative.logprob, top[name] ?? Self.least)
        }
        return .object(top.mapValues(number))
    }

    /// The text of a token, or its bytes where they are no text by themselves.
    func name(_ token: TokenID) -> String {
        let bytes = tokenizer.piece(token)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return "bytes:" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// vLLM's shape for the tokens of a prompt: by id, with the rank where it is known.
    func prompt(_ logprobs: [TokenLogprobs?], alternatives: Int) -> JSONValue {
        .array(
            logprobs.map { entry in
                guard let entry else { return .null }
                var members = [String(entry.token): value(entry.token, entry.logprob, rank: nil)]
                for (index, top) in entry.top.prefix(alternatives).enumerated() {
                    members[String(top.token)] = value(top.token, top.logprob, rank: index + 1)
                }
                return .object(members)
            })
    }

    private func value(_ token: TokenID, _ logprob: Double, rank: Int?) -> JSONValue {
        [
            "logprob": number(logprob), "rank": rank.map { .integer($0) } ?? .null,
            "decoded_token": .string(String(decoding: tokenizer.piece(token), as: UTF8.self)),
        ]
    }

    func number(_ logprob: Double) -> JSONValue {
        .number(logprob.isNaN ? Self.least : min(max(logprob, Self.least), 0))
    }
}
