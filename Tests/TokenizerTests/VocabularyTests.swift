import Testing

import Tokenizer

/// Vocabularies that a broken or hostile file may have.
@Suite struct VocabularyTests {
    @Test func `a vocabulary without tokens is refused`() {
        #expect(TinyVocabulary(bytes: false).refusal() == .emptyVocabulary)
        #expect(throws: TokenizerError.emptyVocabulary) {
            try Vocabulary(bytes: [], offsets: [], scores: [], kinds: [], special: SpecialTokens())
        }
    }

    @Test func `a vocabulary of one token lacks bytes`() {
        #expect(TinyVocabulary([("a", 0, .normal)], bytes: false).refusal() == .missingByteToken(0))
    }

    @Test(arguments: [
        [0, 9, 3], [0, 2, 1], [-1, 1, 2], [0, Int.max, 3], [5, 5, 5], [Int.min, 0, 1], [3, 1, 2],
    ])
    func `offsets outside the bytes are refused`(offsets: [Int]) {
        #expect {
            try Vocabulary(
                bytes: [1, 2, 3], offsets: offsets, scores: [0, 0], kinds: [1, 1], special: SpecialTokens())
        } throws: { error in
            guard case .textOutOfBounds = error as? TokenizerError else { return false }
            return true
        }
    }

    @Test(arguments: [-1, 1]) func `as many scores as tokens`(difference: Int) {
        var tiny = TinyVocabulary([("a", 0, .normal)])
        tiny.scores = difference < 0 ? tiny.scores.dropLast() : tiny.scores + [0]
        #expect(tiny.refusal() == .scoreCount(257 + difference, tokens: 257))
    }

    @Test(arguments: [-1, 1]) func `as many kinds as tokens`(difference: Int) {
        var tiny = TinyVocabulary([("a", 0, .normal)])
        tiny.kinds = difference < 0 ? tiny.kinds.dropLast() : tiny.kinds + [1]
        #expect(tiny.refusal() == .kindCount(257 + difference, tokens: 257))
    }

    @Test(arguments: [0, -1, 7, .max, .min] as [Int32]) func `kinds that do not exist`(kind: Int32) {
        var tiny = TinyVocabulary()
        tiny.add([97], 0, kind)
        #expect(tiny.refusal() == .unknownKind(kind, token: 256))
    }

    @Test func `a score must be a number and may be infinite`() throws {
        #expect(TinyVocabulary([("a", .nan, .normal)]).refusal() == .scoreNotANumber(token: 256))
        #expect(TinyVocabulary([("a", -.signalingNaN, .normal)]).refusal() == .scoreNotANumber(token: 256))
        let tokenizer = try TinyVocabulary([
            ("a", 0, .normal), ("b", 0, .normal), ("c", 0, .normal),
            ("ab", -.infinity, .normal), ("bc", .infinity, .normal),
        ]).tokenizer()
        #expect(tokenizer.encode("abc") == [256, 260])
        #expect(tokenizer.encode("ab") == [259])
    }

    @Test func `minus zero is zero`() throws {
        let tokenizer = try TinyVocabulary([("ab", -0.0, .normal), ("bc", 0, .normal)]).tokenizer()
        #expect(tokenizer.encode("abc") == [256, 0x63])
    }

    @Test func `a text has one token`() {
        let tiny = TinyVocabulary([("x", 0, .normal), ("y", 0, .normal), ("x", 0, .normal)])
        #expect(tiny.refusal() == .duplicateText("x", 256, 258))
    }

    @Test func `tokens without text are never encoded`() throws {
        for kind in [TokenKind.normal, .control, .userDefined, .unknown, .unused] {
            let tokenizer = try TinyVocabulary([("", 0, kind), ("", 0, kind), ("ab", 0, .normal)]).tokenizer()
            #expect(tokenizer.vocabulary.id(of: "") == nil)
            #expect(tokenizer.encode("ab", parseSpecial: true) == [258])
            #expect(try tokenizer.decode([256, 258, 257]) == Array("ab".utf8))
        }
    }

    @Test(arguments: [
        "<0x-1>", "<0xZZ>", "<0x1>", "<0x001>", "<0x>", "0x41", "<0X41>", "<0x41", "", " <0x41>", "<0x4\u{661}>",
        "<0x+1>",
    ])
    func `byte tokens are strictly written`(text: String) {
        #expect(TinyVocabulary([(text, 0, .byte)]).refusal() == .malformedByteToken(text, token: 256))
    }

    @Test func `a byte has one byte token`() {
        #expect(TinyVocabulary([("<0x0a>", 0, .byte)]).refusal() == .duplicateByteToken(10, 10, 256))
    }

    @Test(arguments: [0, 65, 255]) func `every byte has a token`(byte: Int) {
        var tiny = TinyVocabulary()
        tiny.texts[byte] = Array("instead".utf8)
        tiny.kinds[byte] = TokenKind.normal.rawValue
        #expect(tiny.refusal() == .missingByteToken(UInt8(byte)))
        // A control token is no way to write a byte.
        tiny.add([UInt8(byte)], 0, TokenKind.control.rawValue)
        #expect(tiny.refusal() == .missingByteToken(UInt8(byte)))
        tiny.kinds[256] = TokenKind.normal.rawValue
        #expect(tiny.refusal() == nil)
    }

    @Test func `texts that are not UTF-8`() throws {
        var tiny = TinyVocabulary()
        let half = tiny.add([0xE2, 0x96], 0, 1)
        let id = tiny.add([0xFF, 0xFE], 0, 1)
        let tokenizer = try tiny.tokenizer()
        #expect(tokenizer.encode(utf8: [0xE2, 0x96]) == [half])
        #expect(try tokenizer.decodeToString([id]) == "\u{FFFD}\u{FFFD}")
    }

    @Test func `a token of 1 MiB`() throws {
        let text = [UInt8](repeating: 0x61, count: 1 << 20)
        var tiny = TinyVocabulary()
        let id = tiny.add(text, 0, TokenKind.normal.rawValue)
        #expect(try tiny.tokenizer().encode(utf8: text).count == 1 << 20)
        #expect(try tiny.tokenizer().decode([id]) == text)
        tiny.kinds[256] = TokenKind.userDefined.rawValue
        #expect(tiny.refusal() == .specialTokenTooLong(token: 256, bytes: 1 << 20, limit: 256))
    }

    @Test(arguments: [-1, 256, .max, .min] as [TokenID]) func `special ids outside the vocabulary`(id: TokenID) {
        let keys: [(String, WritableKeyPath<SpecialTokens, TokenID?>)] = [
            ("bos", \.bos), ("eos", \.eos), ("unknown", \.unknown), ("padding", \.padding), ("eot", \.endOfTurn),
        ]
        for (name, path) in keys {
            var tiny = TinyVocabulary()
            tiny.special[keyPath: path] = id
            #expect(
                tiny.refusal() == .specialIDOutOfRange(key: "tokenizer.ggml.\(name)_token_id", id: id, tokens: 256))
        }
    }

    @Test func `missing keys mean what they mean to llama.cpp`() throws {
        var tiny = TinyVocabulary()
        tiny.special = SpecialTokens()
        let special = try tiny.vocabulary().special
        #expect(
            special
                == SpecialTokens(
                    bos: 1, eos: 2, unknown: 0, padding: nil, endOfTurn: nil, addBOS: true, addEOS: false,
                    addSpacePrefix: true))
    }

    @Test func `one token may be both BOS and EOS`() throws {
        var tiny = TinyVocabulary([("<s>", 0, .control), ("a", 0, .normal)])
        tiny.special = SpecialTokens(bos: 256, eos: 256, addBOS: true, addEOS: true, addSpacePrefix: false)
        let tokenizer = try tiny.tokenizer()
        #expect(tokenizer.encode("a") == [256, 257, 256])
        #expect(tokenizer.encode("a", addBOS: false) == [257])
        #expect(tokenizer.endOfGeneration == [256])
    }

    @Test func `known control tokens are control tokens`() throws {
        var tiny = TinyVocabulary([
            ("<bos>", 0, .control), ("<eos>", 0, .userDefined), ("<start_of_turn>", 0, .userDefined),
            ("<end_of_turn>", 0, .normal), ("</s>", 0, .userDefined), ("<unused7>", 0, .userDefined),
        ])
        tiny.special.bos = 256
        tiny.special.eos = 257
        let tokenizer = try tiny.tokenizer()
        #expect(tokenizer.endOfTurn == 259)
        #expect(tokenizer.endOfGeneration == [257, 259])
        #expect((257...259).allSatisfy { tokenizer.vocabulary.kind($0) == .control })
        #expect(tokenizer.vocabulary.kind(260) == .userDefined)
        #expect(tokenizer.vocabulary.kind(261) == .userDefined)
    }

    @Test func `ids outside the vocabulary have no text`() throws {
        let tokenizer = try TinyVocabulary().tokenizer()
        for id in [-1, 256, TokenID.max, TokenID.min] {
            #expect(tokenizer.vocabulary.text(id).isEmpty)
            #expect(tokenizer.vocabulary.kind(id) == .unknown)
            #expect(tokenizer.piece(id).isEmpty)
            #expect(throws: TokenizerError.idOutOfRange(id, tokens: 256)) { try tokenizer.decode([id]) }
        }
    }

    @Test func `errors name the fault and the remedy`() {
        #expect(
            "\(TokenizerError.missingByteToken(10))".hasPrefix("the byte token <0x0A> is not set;"))
        #expect(
            "\(TokenizerError.specialIDOutOfRange(key: "tokenizer.ggml.bos_token_id", id: 9, tokens: 3))"
                == "tokenizer.ggml.bos_token_id is 9, but the vocabulary has 3 tokens; correct the key in the file")
    }
}
