import GGUF

/// A vocabulary that no text was used for: control tokens, all bytes, ASCII, then strings of frequent letters from short
/// to long, each with and without a space in front. Ids of control and byte tokens are Gemma's.
struct SyntheticVocabulary {
    private(set) var texts: [String] = ["<pad>", "<eos>", "<bos>", "<unk>"]
    private(set) var kinds: [Int32] = [3, 3, 3, 2]

    /// Precondition: room for the control and byte tokens and ASCII, 568 in all.
    init(count: Int) {
        precondition(count >= 568, "a vocabulary of \(count)")
        texts.reserveCapacity(count)
        for id in 4..<217 {
            let isTurn = id == Self.startOfTurn || id == Self.startOfTurn + 1
            let text = isTurn ? (id == Self.startOfTurn ? "<start_of_turn>" : "<end_of_turn>") : "<unused\(id - 4)>"
            append(text, kind: isTurn ? 3 : 1)
        }
        for byte in 0..<256 {
            let hex = String(byte, radix: 16, uppercase: true)
            append("<0x\(hex.count == 1 ? "0" : "")\(hex)>", kind: 6)
        }
        append(Self.space, kind: 1)
        for scalar in UInt8(33)..<127 { append(String(UnicodeScalar(scalar)), kind: 1) }
        appendWords(upTo: count)
    }

    var scores: [Float] { texts.indices.map { -Float($0) } }

    private static let startOfTurn = 106
    private static let space = "\u{2581}"

    private mutating func append(_ text: String, kind: Int32) {
        texts.append(text)
        kinds.append(kind)
    }

    private mutating func appendWords(upTo count: Int) {
        let letters = "etaoinshrdlcumwfgypbvk".map(String.init)
        var words = letters
        for letter in letters where texts.count < count { append(Self.space + letter, kind: 1) }
        while texts.count < count {
            words = words.flatMap { word in letters.map { word + $0 } }
            for word in words {
                for text in [word, Self.space + word] where texts.count < count { append(text, kind: 1) }
                if texts.count == count { return }
            }
        }
    }
}
