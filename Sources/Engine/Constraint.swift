internal import Grammar
public import JSON
internal import Tokenizer

/// What a completion can be held to.
public enum AnswerFormat: Sendable, Equatable {
    /// Any JSON object.
    case jsonObject
    /// JSON that satisfies a schema, of which `JSONGrammar` says what is understood.
    case jsonSchema(JSONValue)
}

/// An answer format made ready for one model: completions that have it in their options are never anything else.
///
/// One value serves any number of completions and requests, which then share what was found out about its tokens. Made
/// by `Engine.constraint(_:)`.
public struct Constraint: Sendable, Equatable {
    let grammar: JSONGrammar
    let vocabulary: VocabularyIndex

    public static func == (one: Constraint, other: Constraint) -> Bool {
        one.vocabulary === other.vocabulary && one.grammar == other.grammar
    }
}

/// How far one completion has come in what it is held to.
struct ConstraintProgress {
    private let constraint: Constraint
    private var position: GrammarPosition

    init(_ constraint: Constraint) {
        self.constraint = constraint
        position = constraint.grammar.beginning
    }

    /// Whether nothing can follow.
    var isComplete: Bool { position.isComplete }

    /// The tokens that can come next; those that end a text only where it may end.
    func allowed(ending: Set<TokenID>) -> TokenMask {
        var mask = constraint.grammar.tokens(after: position, in: constraint.vocabulary)
        if position.isAccepting { for token in ending { mask.insert(Int(token)) } }
        return mask
    }

    /// False for a token that can't come next.
    mutating func append(_ token: TokenID) -> Bool {
        let next = constraint.grammar.position(after: position, token: Int(token), in: constraint.vocabulary)
        if let next { position = next }
        return next != nil
    }
}
