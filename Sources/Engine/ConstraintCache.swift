package import Grammar
internal import JSON
internal import Synchronization
package import Tokenizer

/// Makes the constraints of one model, and keeps those that requests may ask for again.
///
/// What is kept is bounded in number and size, for schemas come from strangers.
package final class ConstraintCache: Sendable {
    private struct Contents {
        var vocabulary: VocabularyIndex?
        /// The latest use last.
        var grammars: [(schema: [UInt8], grammar: JSONGrammar)] = []
    }

    static let capacity = 8
    /// Larger ones are not kept.
    static let maxStates = 10_000

    private let tokenizer: Tokenizer
    private let contents = Mutex(Contents())

    package init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// Throws: `GrammarError` naming the place in the schema.
    package func constraint(_ format: AnswerFormat) throws(GrammarError) -> Constraint {
        let schema: JSONValue =
            switch format {
            case .jsonObject: ["type": "object"]
            case .jsonSchema(let schema): schema
            }
        let grammar = try grammar(schema)
        return Constraint(grammar: grammar, vocabulary: vocabulary())
    }

    private func grammar(_ schema: JSONValue) throws(GrammarError) -> JSONGrammar {
        let key = schema.serializedInOrder
        let known = contents.withLock { contents -> JSONGrammar? in
            guard let index = contents.grammars.firstIndex(where: { $0.schema == key }) else { return nil }
            contents.grammars.append(contents.grammars.remove(at: index))
            return contents.grammars.last?.grammar
        }
        if let known { return known }
        // not under the lock: a large schema must not keep others waiting
        let grammar = try JSONGrammar(schema: schema)
        guard grammar.stateCount <= Self.maxStates else { return grammar }
        contents.withLock { contents in
            contents.grammars.removeAll { $0.schema == key }
            contents.grammars.append((key, grammar))
            if contents.grammars.count > Self.capacity { contents.grammars.removeFirst() }
        }
        return grammar
    }

    /// Whoever comes first makes it; all others need it too and wait.
    private func vocabulary() -> VocabularyIndex {
        contents.withLock { contents in
            if let vocabulary = contents.vocabulary { return vocabulary }
            let vocabulary = VocabularyIndex(tokenizer)
            contents.vocabulary = vocabulary
            return vocabulary
        }
    }
}

extension VocabularyIndex {
    /// Tokens by the bytes that they add to a text: none for control tokens and those that end it.
    convenience init(_ tokenizer: Tokenizer) {
        let ending = tokenizer.endOfGeneration
        self.init(count: tokenizer.vocabulary.count) { token in
            var piece: [UInt8] = []
            let id = TokenID(token)
            if !ending.contains(id) { tokenizer.appendPiece(id, showControl: false, to: &piece) }
            return piece
        }
    }
}
