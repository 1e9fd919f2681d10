public import Tokenizer

/// Gemma's turns, written natively: Carat never runs the template program that a file carries.
public enum ChatTemplate: Sendable, Equatable {
    case gemma

    /// The template for a file's `tokenizer.chat_template`; nil for base models and for templates of another kind.
    public init?(jinja: String?) {
        guard let jinja, jinja.contains("<start_of_turn>"), jinja.contains("<end_of_turn>") else { return nil }
        self = .gemma
    }

    /// A user's turn and the opening of the reply. Only the turn markers are control tokens: user text stays text.
    ///
    /// `isFirst`: no turn stands before this one.
    public func userTurn(_ text: String, isFirst: Bool, tokenizer: Tokenizer) -> [TokenID] {
        guard let start = tokenizer.vocabulary.id(of: "<start_of_turn>"),
            let end = tokenizer.vocabulary.id(of: "<end_of_turn>")
        else { return tokenizer.encode(text, addBOS: isFirst ? nil : false) }
        // The reply before ended with <end_of_turn>, which its template follows by a line break.
        let opening: [PromptPart] = isFirst ? [] : [.text("\n")]
        return tokenizer.encode(
            parts: opening + [
                .token(start), .text("user\n" + text), .token(end), .text("\n"), .token(start), .text("model\n"),
            ],
            addBOS: isFirst ? nil : false)
    }
}
