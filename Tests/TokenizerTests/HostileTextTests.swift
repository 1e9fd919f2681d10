import TestSupport
import Testing

import Tokenizer

/// Texts that users may send: any bytes, in any amount.
@Suite(.serialized) struct HostileTextTests {
    static let texts: [String] = [
        "", "\0", "a\0b", "\u{FFFE}", "\u{FFFF}", "\u{FEFF}BOM", "a\r\nb\r\n\n\r", "שלום עולם", "\u{202E}abc\u{202C}",
        "👨‍👩‍👧‍👦👩🏽‍🚀🏳️‍🌈", "e\u{301}\u{302}\u{303}", "\u{10FFFF}", "\u{2581}", " \u{2581} ", "<0x41>", "\t\t \t",
        "ﷺ", "ｆｕｌｌ", "\u{200B}\u{200D}", "\u{D7FF}\u{E000}",
    ]

    @Test(arguments: texts) func `odd texts come back`(text: String) throws {
        for tokenizer in [try carat.get(), try llama.get()] {
            let ids = tokenizer.encode(text)
            let expected = text.replacing("\u{2581}", with: " ")  // the one character that SentencePiece cannot keep
            #expect(try tokenizer.decodeToString(ids) == expected)
            #expect(tokenizer.encode(utf8: text.utf8) == ids)
        }
    }

    @Test func `every byte comes back alone and with others`() throws {
        let tokenizer = try carat.get()
        for byte in UInt8.min...UInt8.max {
            for text in [[byte], [0x61, byte], [byte, 0x61, byte], [byte, byte, byte, byte, byte]] {
                #expect(try tokenizer.decode(tokenizer.encode(utf8: text)) == text)
            }
        }
    }

    @Test func `random bytes come back`() throws {
        var random = SplitMix(1)
        let tokenizer = try carat.get()
        for _ in 0..<500 {
            // A space that a broken character takes in part comes back as U+2581, so there are none here.
            let text = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0x21...0xFF, using: &random)
            }
            let ids = tokenizer.encode(utf8: text)
            #expect(try String(decoding: tokenizer.decode(ids), as: UTF8.self) == String(decoding: text, as: UTF8.self))
        }
    }

    /// Bytes of a long text; fewer without optimization, where the limits of time would say nothing.
    #if DEBUG
        static let long = 200_000
    #else
        static let long = 5_000_000
    #endif

    static let units: [String] = [
        "a", " ", "\n", "\u{301}", "👨‍👩‍👧", "ש", "\u{FFFE}", "\r\n", "=", "<start_of_turn>",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: units) func `5 MB of one thing`(unit: String) throws {
        let unit = Array(unit.utf8)
        var text: [UInt8] = []
        while text.count < Self.long { text += unit }
        for tokenizer in [try carat.get(), try llama.get()] {
            let ids = tokenizer.encode(utf8: text)
            #expect(try tokenizer.decode(ids) == text)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `5 MB of overlapping user-defined tokens`() throws {
        var tiny = TinyVocabulary()
        for length in 1...64 { tiny.add([UInt8](repeating: 0x61, count: length), 0, TokenKind.userDefined.rawValue) }
        let tokenizer = try tiny.tokenizer()
        let ids = tokenizer.encode(utf8: [UInt8](repeating: 0x61, count: Self.long))
        #expect(ids.count == Self.long / 64)
    }

    @Test(.timeLimit(.minutes(1))) func `tokens of all lengths`() throws {
        var tiny = TinyVocabulary()
        for length in 1...1000 {
            tiny.add([UInt8](repeating: 0x61, count: length), Float(length), TokenKind.normal.rawValue)
        }
        let tokenizer = try tiny.tokenizer()
        let text = [UInt8](repeating: 0x61, count: Self.long / 20)
        #expect(try tokenizer.decode(tokenizer.encode(utf8: text)) == text)
    }
}
