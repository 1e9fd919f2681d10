/// What the texts of a vocabulary say about its tokens, while it is being built.
struct TokenTexts {
    let bytes: [UInt8]
    let offsets: [Int]
    let index: TokenIndex

    private func id(of text: some Collection<UInt8>) -> TokenID? {
        let text = [UInt8](text)
        return index.find(text.span.bytes, 0, text.count, bytes: bytes.span.bytes, offsets: offsets.span)
    }

    /// A token for each of the 256 bytes.
    ///
    /// A byte without a byte token may have a token of its own as text (`\n`). Anything less is refused when the file
    /// is opened, rather than when some user's text first needs that byte.
    func byteTokens(kinds: [TokenKind]) throws(TokenizerError) -> [TokenID] {
        var found = [TokenID?](repeating: nil, count: 256)
        for (token, kind) in kinds.enumerated() where kind == .byte {
            let id = TokenID(token)
            let text = bytes[offsets[token]..<offsets[token + 1]]
            guard let byte = Self.byte(text) else {
                throw .malformedByteToken(String(decoding: text.prefix(80), as: UTF8.self), token: id)
            }
            if let other = found[Int(byte)] { throw .duplicateByteToken(byte, other, id) }
            found[Int(byte)] = id
        }
        var tokens: [TokenID] = []
        tokens.reserveCapacity(256)
        for byte in UInt8.min...UInt8.max {
            if let id = found[Int(byte)] {
                tokens.append(id)
            } else if let id = id(of: CollectionOfOne(byte)), kinds[Int(id)].isReachableByMerging {
                tokens.append(id)
            } else {
                throw .missingByteToken(byte)
            }
        }
        return tokens
    }

    /// The byte that `<0xHH>` names; `nil` for any other text.
    static func byte(_ text: ArraySlice<UInt8>) -> UInt8? {
        guard text.count == 6, text.starts(with: "<0x".utf8), text.last == UInt8(ascii: ">") else { return nil }
        var value: UInt8 = 0
        for digit in text.dropFirst(3).prefix(2) {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | (digit - UInt8(ascii: "0"))
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | (digit - UInt8(ascii: "A") + 10)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | (digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }

    /// Corrects the kinds of known control tokens; finds the end of turn and all that end generation.
    func settleControlTokens(
        kinds: inout [TokenKind], special: SpecialTokens
    ) -> (special: SpecialTokens, endOfGeneration: Set<TokenID>) {
        var special = special
        var ends: Set<TokenID> = []
        for text in ControlTexts.endOfTurn {
            guard let id = id(of: text.utf8) else { continue }
            if special.endOfTurn == nil { special.endOfTurn = id }
            kinds[Int(id)] = .control
            ends.insert(id)
        }
        for text in ControlTexts.endOfGeneration {
            guard let id = id(of: text.utf8) else { continue }
            kinds[Int(id)] = .control
            ends.insert(id)
        }
        for text in ControlTexts.others {
            guard let id = id(of: text.utf8) else { continue }
            kinds[Int(id)] = .control
        }
        if let id = id(of: ControlTexts.closingS.utf8), kinds[Int(id)] == .control { ends.insert(id) }
        if let eos = special.eos { ends.insert(eos) }
        if let endOfTurn = special.endOfTurn { ends.insert(endOfTurn) }
        return (special, ends)
    }

    /// For each byte value, whether some token has it right before a U+2581.
    func bytesBeforeInnerSpaces() -> [Bool] {
        var before = [Bool](repeating: false, count: 256)
        let text = bytes.span
        let positions = offsets.span
        for token in 0..<(positions.count - 1) {
            var position = positions[token] + 1
            let end = positions[token + 1] - 2
            while position < end {
                if text[position] == 0xE2, text[position + 1] == 0x96, text[position + 2] == 0x81 {
                    before[Int(text[position - 1])] = true
                }
                position += 1
            }
        }
        return before
    }
}
