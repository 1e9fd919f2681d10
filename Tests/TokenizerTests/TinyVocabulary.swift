import Tokenizer

/// A vocabulary written out in a test: 256 byte tokens first, then the tokens given.
struct TinyVocabulary {
    var texts: [[UInt8]] = []
    var scores: [Float] = []
    var kinds: [Int32] = []
    var special = SpecialTokens(addBOS: false, addSpacePrefix: false)

    init(_ tokens: [(String, Float, TokenKind)] = [], bytes: Bool = true) {
        if bytes {
            for byte in UInt8.min...UInt8.max {
                let digits = String(byte, radix: 16, uppercase: true)
                add(Array("<0x\(digits.count < 2 ? "0" : "")\(digits)>".utf8), 0, TokenKind.byte.rawValue)
            }
        }
        for (text, score, kind) in tokens { add(Array(text.utf8), score, kind.rawValue) }
    }

    @discardableResult
    mutating func add(_ text: [UInt8], _ score: Float, _ kind: Int32) -> TokenID {
        texts.append(text)
        scores.append(score)
        kinds.append(kind)
        return TokenID(texts.count - 1)
    }

    func vocabulary() throws(TokenizerError) -> Vocabulary {
        var offsets = [0]
        for text in texts { offsets.append((offsets.last ?? 0) + text.count) }
        return try Vocabulary(
            bytes: texts.flatMap { $0 }, offsets: offsets, scores: scores, kinds: kinds, special: special)
    }

    func tokenizer() throws(TokenizerError) -> Tokenizer { Tokenizer(try vocabulary()) }

    /// The error with which this vocabulary is refused.
    func refusal() -> TokenizerError? {
        do {
            _ = try vocabulary()
            return nil
        } catch {
            return error
        }
    }
}
