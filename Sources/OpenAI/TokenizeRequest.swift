import Engine
public import JSON
import Tokenizer

/// A checked body of `/tokenize`, with llama-server's names (`content`, `add_special`, `parse_special`, `with_pieces`) or
/// vLLM's (`prompt` or `messages`, `add_special_tokens`).
public struct TokenizeRequest: Sendable {
    /// The body of the response.
    public let response: JSONValue

    /// Throws: `APIError` naming the parameter at fault.
    public init(_ body: JSONValue, model: ServedModel) throws(APIError) {
        let fields = try Fields(body)
        let tokenizer = model.tokenizer
        let tokens: [TokenID]
        if let content = try fields.string("content") {
            tokens = tokenizer.encode(
                content, addBOS: try fields.bool("add_special") ?? false ? nil : false,
                parseSpecial: try fields.bool("parse_special") ?? false)
        } else if fields["messages"] != nil {
            tokens = try model.tokens(try Conversation.read(fields))
        } else {
            guard let prompt = try fields.string("prompt") else { throw fields.missing("content") }
            tokens = tokenizer.encode(prompt, addBOS: try fields.bool("add_special_tokens") ?? true ? nil : false)
        }
        let withPieces = try fields.bool("with_pieces") ?? false
        response = [
            "tokens": .array(
                tokens.map { token in
                    guard withPieces else { return .integer(Int(token)) }
                    let bytes = tokenizer.piece(token)
                    let piece: JSONValue =
                        String(validating: bytes, as: UTF8.self).map { .string($0) }
                        ?? .array(bytes.map { .integer(Int($0)) })
                    return ["id": .integer(Int(token)), "piece": piece]
                }),
            "count": .integer(tokens.count), "max_model_len": .integer(model.context),
        ]
    }

    /// The response of `/detokenize`: the text of `tokens`.
    ///
    /// Throws: `APIError` naming the parameter at fault.
    public static func text(_ body: JSONValue, model: ServedModel) throws(APIError) -> JSONValue {
        let fields = try Fields(body)
        if fields["tokens"] == [] { return ["content": "", "prompt": ""] }
        guard
            case .tokens(let ids)? = try PromptInput.read(
                fields, "tokens", vocabulary: model.tokenizer.vocabulary
            ).first, case .array(let elements)? = fields["tokens"], elements.count == ids.count
        else { throw fields.wrong("tokens", "has to be an array of token ids.") }
        let text = JSONValue.string((try? model.tokenizer.decodeToString(ids)) ?? "")
        return ["content": text, "prompt": text]
    }

    /// The response of `/apply-template`: the text that a conversation becomes, control tokens shown.
    ///
    /// Throws: `APIError` naming the parameter at fault.
    public static func prompt(_ body: JSONValue, model: ServedModel) throws(APIError) -> JSONValue {
        let tokens = try model.tokens(try Conversation.read(try Fields(body)))
        return ["prompt": .string((try? model.tokenizer.decodeToString(tokens, showControl: true)) ?? "")]
    }
}
