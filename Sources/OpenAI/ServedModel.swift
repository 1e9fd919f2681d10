public import Engine
package import Gemma
import JSON
public import Tokenizer

/// What requests are checked against: a model's vocabulary and turns, its context, and the names it answers to.
public struct ServedModel: Sendable {
    public let tokenizer: Tokenizer
    /// Tokens that prompt and answer share.
    public let context: Int
    /// Tokens that the model was made for.
    public let trainedContext: Int
    /// Names that requests may give; where there are none, any name will do and none as well.
    public let names: [String]
    /// The name in answers.
    public let displayName: String
    /// What answers are held to, where requests ask for it.
    let constraints: ConstraintCache
    /// Why there may be none is what a request for a conversation is told.
    private var template: Result<ChatTemplate, EngineError>

    /// Whose turns conversations have.
    public enum TemplateChoice: String, Sendable, CaseIterable {
        /// Those of the model's file.
        case file
        /// Gemma's, whatever the file says.
        case gemma
    }

    /// - Parameters:
    ///   - names: what requests may call the model.
    ///   - displayName: what answers call it; the first of `names` where there are any.
    /// Throws: `EngineError` where Gemma's turns are asked for and the vocabulary lacks their markers.
    public init(
        _ engine: Engine, names: [String] = [], displayName: String? = nil, template choice: TemplateChoice = .file
    ) throws(EngineError) {
        self.init(
            engine.model, context: engine.context, constraints: engine.constraints, names: names,
            displayName: displayName)
        if choice == .gemma { template = .success(try ChatTemplate(gemmaTurnsOf: engine.model)) }
    }

    package init(
        _ model: GemmaModel, context: Int, constraints: ConstraintCache, names: [String] = [],
        displayName: String? = nil
    ) {
        self.displayName = names.first ?? displayName ?? model.name
        tokenizer = model.tokenizer
        self.constraints = constraints
        self.context = context
        trainedContext = model.config.contextLength
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

    /// Why there are no conversations; nil where there are.
    public var chatRefusal: APIError? {
        do throws(EngineError) {
            _ = try template.get()
            return nil
        } catch {
            return APIError(error, param: "messages")
        }
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
