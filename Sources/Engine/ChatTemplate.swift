public import Gemma
public import Tokenizer

/// Gemma's turns, written natively: Carat never runs the template program that a file carries.
public struct ChatTemplate: Sendable, Equatable {
    /// What stands before a user's turn.
    public enum Position: Sendable {
        case start
        /// A reply that the model ended with its end-of-turn token.
        case closedReply
        /// A reply that was cut short.
        case openReply
    }

    private let startOfTurn: TokenID
    private let endOfTurn: TokenID

    /// nil for base models, which have no template.
    ///
    /// Throws: `EngineError.unsupportedChatTemplate` for a template that is not Gemma's.
    public init?(_ model: GemmaModel) throws(EngineError) {
        guard let jinja = model.chatTemplate else { return nil }
        guard jinja.contains("<start_of_turn>"), jinja.contains("<end_of_turn>") else {
            throw .unsupportedChatTemplate(model: model.name)
        }
        try self.init(gemmaTurnsOf: model)
    }

    /// Gemma's turns, whatever template the file has.
    ///
    /// Throws: `EngineError.unsupportedChatTemplate` where the vocabulary lacks their markers.
    public init(gemmaTurnsOf model: GemmaModel) throws(EngineError) {
        guard let start = model.tokenizer.vocabulary.id(of: "<start_of_turn>"),
            let end = model.tokenizer.vocabulary.id(of: "<end_of_turn>")
        else { throw .unsupportedChatTemplate(model: model.name) }
        startOfTurn = start
        endOfTurn = end
    }

    /// A user's turn and the opening of the reply. Only the turn markers are control tokens: user text stays text.
    public func userTurn(_ text: String, after position: Position, tokenizer: Tokenizer) -> [TokenID] {
        let closing: [PromptPart] =
            switch position {
            case .start: []
            case .closedReply: [.text("\n")]
            case .openReply: [.token(endOfTurn), .text("\n")]
            }
        return tokenizer.encode(
            parts: closing + turn("user", text) + reply, addBOS: position == .start ? nil : false)
    }

    /// A complete turn.
    func turn(_ name: String, _ text: String) -> [PromptPart] {
        [.token(startOfTurn), .text(name + "\n" + text), .token(endOfTurn), .text("\n")]
    }

    /// The opening of the model's turn.
    var reply: [PromptPart] { [.token(startOfTurn), .text("model\n")] }
}
