import Engine
import JSON
public import Gemma
public import Tokenizer

/// What requests are checked against: a model's vocabulary and turns, its context, and the names it answers to.
public struct ServedModel: Sendable {
    public let tokenizer: Tokenizer
    /// Tokens that prompt and answer share.
    public let context: Int
    /// Names that requests may give; where there are none, any name will do and none as well.
    public let names: [String]
    /// Why there may be none is what a request for a conversation is told.
    private let template: Result<ChatTemplate, EngineError>

    public init(_ model: GemmaModel, context: Int, names: [String] = []) {
        tokenizer = model.tokenizer
        self.context = context
        self.names = names
        do throws(EngineError) {
            template = try ChatTemplate(model).map { .success($0) } ?? .failure(.noChatTemplate(model: model.name))
        } catch {
            template = .failure(error)
        }
    }

    /// Throws: `APIError` with status 404 for a name that the model does not have.
    func checkName(_ fields: Fields) throws(APIError) {
        let name = try fields.string("model")
        guard !names.isEmpty else { return }
        guard let name else { throw fields.missing("model") }
        guard names.contains(name) else { throw .modelNotFound(name, available: names) }
    }

    /// Throws: `APIError` where the model has no turns or the conversation does not keep to them.
    func tokens(_ conversation: [ChatMessage]) throws(APIError) -> [TokenID] {
        let tokens: [TokenID]
        do throws(EngineError) {
            tokens = try template.get().conversation(conversation, tokenizer: tokenizer)
        } catch {
            throw APIError(error, param: "messages")
        }
        return try fitting(tokens, param: "messages")
    }

    /// Throws: `APIError` where the context has no room for the prompt, or it has no tokens.
    func fitting(_ tokens: [TokenID], param: String) throws(APIError) -> [TokenID] {
        guard !tokens.isEmpty else { throw APIError(EngineError.emptyPrompt, param: param) }
        guard tokens.count <= context else {
            throw .contextLengthExceeded(tokens: tokens.count, context: context, param: param)
        }
        return tokens
    }
}
