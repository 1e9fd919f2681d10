public import Tokenizer

extension ChatTemplate {
    /// A whole conversation and the opening of the next reply, as Gemma's own template writes them.
    ///
    /// A user begins, then replies and users take turns, and each text loses the white space around it. The template of
    /// the first Gemma knows no system messages; the later ones put theirs before the first user's text with a blank line
    /// between, and so does this. Where a conversation has several at its start, blank lines join them. Only the turn
    /// markers are control tokens: what people wrote stays text.
    ///
    /// Throws: `EngineError.roleOutOfTurn` and `.noUserMessage`, where the template would raise an exception.
    public func conversation(_ messages: [ChatMessage], tokenizer: Tokenizer) throws(EngineError) -> [TokenID] {
        let system = messages.prefix { $0.role == .system }
        guard system.count < messages.count else { throw .noUserMessage }
        let heading = system.map(\.text).filter { !$0.isEmpty }.joined(separator: "\n\n")

        var parts: [PromptPart] = []
        for (index, message) in messages.enumerated().dropFirst(system.count) {
            let isFirst = index == system.count
            let expected: ChatMessage.Role = (index - system.count).isMultiple(of: 2) ? .user : .assistant
            guard message.role == expected else {
                throw .roleOutOfTurn(message: index, role: message.role, expected: expected)
            }
            let text = (isFirst && !heading.isEmpty ? heading + "\n\n" : "") + message.text.trimmed
            parts += turn(expected == .user ? "user" : "model", text)
        }
        return tokenizer.encode(parts: parts + reply)
    }
}

extension String {
    /// Without the white space around it, as Python's `strip` does it, which templates call `trim`.
    fileprivate var trimmed: String {
        let isSpace = { (scalar: Unicode.Scalar) in
            scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
        }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}
