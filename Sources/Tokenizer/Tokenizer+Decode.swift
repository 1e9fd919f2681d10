extension Tokenizer {
    /// The text of one token as shown: a space for U+2581, the byte for a byte token.
    ///
    /// Control tokens have their vocabulary text, such as `<bos>`. Empty for an id outside the vocabulary.
    public func piece(_ id: TokenID) -> [UInt8] {
        var piece: [UInt8] = []
        appendPiece(id, showControl: true, to: &piece)
        return piece
    }

    /// The bytes of a text.
    ///
    /// Where encoding puts a space before a text, the first space is taken away again.
    /// - Parameter showControl: writes control, unknown and unused tokens as their vocabulary text, such as `<bos>`.
    /// - Throws: `TokenizerError.idOutOfRange`.
    public func decode(_ ids: [TokenID], showControl: Bool = false) throws(TokenizerError) -> [UInt8] {
        var bytes: [UInt8] = []
        var stripsSpace = vocabulary.special.addSpacePrefix == true
        for id in ids {
            guard vocabulary.contains(id) else { throw .idOutOfRange(id, tokens: vocabulary.count) }
            let start = bytes.count
            appendPiece(id, showControl: showControl, to: &bytes)
            if stripsSpace, isText(id), bytes.count > start {
                if bytes[start] == 0x20 { bytes.remove(at: start) }
                stripsSpace = false
            }
        }
        return bytes
    }

    /// The text of tokens, with U+FFFD for bytes that are not UTF-8.
    /// - Throws: `TokenizerError.idOutOfRange`.
    public func decodeToString(_ ids: [TokenID], showControl: Bool = false) throws(TokenizerError) -> String {
        String(decoding: try decode(ids, showControl: showControl), as: UTF8.self)
    }

    /// Whether a token is part of the text, rather than about it.
    func isText(_ id: TokenID) -> Bool {
        switch vocabulary.kind(id) {
        case .normal, .userDefined, .byte: true
        case .unknown, .control, .unused: false
        }
    }

    package func appendPiece(_ id: TokenID, showControl: Bool, to bytes: inout [UInt8]) {
        let text = vocabulary.text(id)
        switch vocabulary.kind(id) {
        case .byte:
            if let byte = TokenTexts.byte(text) { bytes.append(byte) }
        case .normal, .userDefined:
            var position = text.startIndex
            while position < text.endIndex {
                if text[position...].starts(with: ByteText.space) {
                    bytes.append(0x20)
                    position += ByteText.space.count
                } else {
                    bytes.append(text[position])
                    position += 1
                }
            }
        case .control, .unknown, .unused:
            if showControl { bytes.append(contentsOf: text) }
        }
    }
}
