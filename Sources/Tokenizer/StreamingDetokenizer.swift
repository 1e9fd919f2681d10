/// Turns tokens into text as they come; never splits a UTF-8 sequence.
///
/// All the strings it gives, joined, are what decoding all tokens at once gives.
public struct StreamingDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    private let showControl: Bool
    private var stripsSpace: Bool
    /// The beginning of a character whose other bytes have not come yet.
    private var pending: [UInt8] = []

    /// - Parameters:
    ///   - showControl: writes control, unknown and unused tokens as their vocabulary text.
    ///   - beginsText: the tokens are a whole text, from which the space that encoding put first is taken away; `false`
    ///     for what continues a prompt, where a first space belongs to the text.
    public init(_ tokenizer: Tokenizer, showControl: Bool = false, beginsText: Bool = false) {
        self.tokenizer = tokenizer
        self.showControl = showControl
        stripsSpace = beginsText && tokenizer.vocabulary.special.addSpacePrefix == true
    }

    /// Adds a token; gives the text that is ready to show, which may be empty. An unknown id has no text.
    public mutating func append(_ id: TokenID) -> String {
        let start = pending.count
        tokenizer.appendPiece(id, showControl: showControl, to: &pending)
        if stripsSpace, tokenizer.isText(id), pending.count > start {
            if pending[start] == 0x20 { pending.remove(at: start) }
            stripsSpace = false
        }
        let ready = pending.count - Self.incompleteSuffix(pending)
        guard ready > 0 else { return "" }
        let text = String(decoding: pending[..<ready], as: UTF8.self)
        pending.removeFirst(ready)
        return text
    }

    /// What is left: a character that stays incomplete, as U+FFFD.
    public mutating func finish() -> String {
        let text = String(decoding: pending, as: UTF8.self)
        pending.removeAll()
        return text
    }

    /// How many bytes at the end may still become a character: 0 to 3.
    ///
    /// Source: Unicode, table 3-7, well-formed UTF-8 sequences. Only the second byte has limits that depend on the
    /// first; a beginning that no bytes can complete is not held back.
    static func incompleteSuffix(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            if lead & 0xC0 == 0x80 { continue }
            let needed = ByteText.characterLength(lead)
            guard lead >= 0xC2, lead <= 0xF4, needed > length else { return 0 }
            if length > 1 {
                let second = bytes[bytes.count - length + 1]
                switch lead {
                case 0xE0: if second < 0xA0 { return 0 }
                case 0xED: if second > 0x9F { return 0 }
                case 0xF0: if second < 0x90 { return 0 }
                case 0xF4: if second > 0x8F { return 0 }
                default: break
                }
            }
            return length
        }
        return 0
    }
}
