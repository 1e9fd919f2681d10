import TestSupport
import Testing

import Tokenizer

@Suite struct StreamingDetokenizerTests {
    private func stream(_ ids: [TokenID], _ tokenizer: Tokenizer, showControl: Bool, beginsText: Bool) -> [String] {
        var stream = StreamingDetokenizer(tokenizer, showControl: showControl, beginsText: beginsText)
        var pieces = ids.map { stream.append($0) }
        pieces.append(stream.finish())
        return pieces
    }

    @Test(arguments: 0..<100) func `random tokens give the text of one decoding`(seed: Int) throws {
        var random = SplitMix(UInt64(seed))
        for tokenizer in [try carat.get(), try llama.get()] {
            let count = TokenID(tokenizer.vocabulary.count)
            for _ in 0..<20 {
                let ids = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    // Mostly byte tokens, and of those mostly ones that begin or continue a character.
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: TokenID.random(in: 0..<count, using: &random)
                    case 1: tokenizer.vocabulary.byteTokens[Int.random(in: 0...255, using: &random)]
                    case 2: tokenizer.vocabulary.byteTokens[Int.random(in: 0xC0...0xF7, using: &random)]
                    default: tokenizer.vocabulary.byteTokens[Int.random(in: 0x80...0xBF, using: &random)]
                    }
                }
                for showControl in [false, true] {
                    #expect(
                        try stream(ids, tokenizer, showControl: showControl, beginsText: true).joined()
                            == tokenizer.decodeToString(ids, showControl: showControl))
                }
            }
        }
    }

    @Test func `a character comes whole`() throws {
        let tokenizer = try TinyVocabulary().tokenizer()
        let pieces = stream(tokenizer.encode("a🙂é"), tokenizer, showControl: false, beginsText: false)
        #expect(pieces == ["a", "", "", "", "🙂", "", "é", ""])
    }

    @Test func `what cannot become a character is not held back`() throws {
        let tokenizer = try TinyVocabulary().tokenizer()
        func pieces(_ bytes: [TokenID]) -> [String] {
            stream(bytes, tokenizer, showControl: false, beginsText: false)
        }
        #expect(pieces([0xFF]) == ["\u{FFFD}", ""])
        #expect(pieces([0x80]) == ["\u{FFFD}", ""])
        #expect(pieces([0xED, 0xA0]) == ["", "\u{FFFD}\u{FFFD}", ""])
        #expect(pieces([0xE2, 0x96]) == ["", "", "\u{FFFD}"])
        #expect(pieces([0xE2, 0x61]) == ["", "\u{FFFD}a", ""])
    }

    @Test func `a continued prompt keeps its first space`() throws {
        let tokenizer = try llama.get()
        let ids = tokenizer.encode("word", addBOS: false)
        #expect(stream(ids, tokenizer, showControl: false, beginsText: false).joined() == " word")
        #expect(stream(ids, tokenizer, showControl: false, beginsText: true).joined() == "word")
    }

    @Test func `control tokens are shown only on request`() throws {
        let tokenizer = try carat.get()
        let ids = tokenizer.encode("<start_of_turn>user", parseSpecial: true)
        #expect(try tokenizer.decodeToString(ids) == "user")
        #expect(try tokenizer.decodeToString(ids, showControl: true) == "<bos><start_of_turn>user")
        #expect(stream(ids + [-1, .max], tokenizer, showControl: false, beginsText: false).joined() == "user")
    }
}
