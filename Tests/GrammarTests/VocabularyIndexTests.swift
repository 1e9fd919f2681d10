import Grammar
import JSON
import Testing

@Suite struct VocabularyIndexTests {
    /// Byte tokens, then texts as a large vocabulary has them: words with and without a space, some with marks of JSON.
    private static func vocabulary(_ count: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = [[], []] + (0...255).map { [UInt8($0)] }
        var draw = Draw(state: 7)
        let marks = [
            "\"", "\":", "\",", "{\"", "\"}", "[", "]", "\n", "\n  ", "},", "\\n", "\\", "é", "日本", "😀", "\": \"", "0",
            "12", "-", ".",
        ]
        for mark in marks { pieces.append(Array(mark.utf8)) }
        while pieces.count < count {
            var text = draw.next(below: 2) == 0 ? " " : ""
            for _ in 0...draw.next(below: 10) {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(97 + draw.next(below: 26))))
            }
            switch draw.next(below: 40) {
            case 0: text += marks[draw.next(below: marks.count)]
            case 1: text = marks[draw.next(below: marks.count)] + text
            case 2: text = "\(draw.next(below: 100_000))"
            default: break
            }
            var bytes = Array(text.utf8)
            if draw.next(below: 200) == 0 { bytes.removeLast() }
            if draw.next(below: 500) == 0 { bytes.append(0xE6) }
            pieces.append(bytes)
        }
        return pieces
    }

    private static func index(_ pieces: [[UInt8]]) -> VocabularyIndex {
        VocabularyIndex(count: pieces.count) { pieces[$0] }
    }

    @Test(arguments: [
        "{\"type\":\"string\"}", "{\"type\":\"string\",\"maxLength\":3}", "{\"type\":\"object\"}",
        "{\"type\":\"integer\"}",
        "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":4},{\"const\":\"\(String(repeating: "z", count: 9))\"}]}",
        "{\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":9},\"n\":{\"type\":\"integer\"}}}",
    ])
    func masksAreWhatTryingEachTokenGives(_ text: String) throws {
        let pieces = Self.vocabulary(3000)
        let index = Self.index(pieces)
        let grammar = try JSONGrammar(schema: json(text))
        var draw = Draw(state: 3)
        for _ in 0..<8 {
            var position = grammar.beginning
            for _ in 0..<12 where !position.isComplete {
                let mask = grammar.tokens(after: position, in: index)
                var open: [Int] = []
                for token in pieces.indices {
                    let isOpen = !pieces[token].isEmpty && grammar.position(after: position, pieces[token]) != nil
                    #expect(mask.contains(token) == isOpen, "\(text) token \(pieces[token])")
                    if isOpen { open.append(token) }
                }
                #expect(!mask.contains(-1) && !mask.contains(pieces.count + 64))
                let token = try #require(open.isEmpty ? nil : open[draw.next(below: open.count)])
                position = try #require(grammar.position(after: position, token: token, in: index))
            }
        }
    }

    @Test func masksOverALargeVocabularyAreFast() throws {
        let pieces = Self.vocabulary(256_000)
        let clock = ContinuousClock()
        var start = clock.now
        let index = Self.index(pieces)
        print("index of 256000 tokens: \(clock.now - start)")
        for (name, schema, text) in [
            ("free string", "{\"type\":\"string\"}", "\"The sea"),
            ("bounded string", "{\"type\":\"string\",\"maxLength\":100}", "\"The sea"),
            ("string of 5", "{\"type\":\"string\",\"maxLength\":5}", "\"Th"),
            (
                "string in objects", "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"string\"}}}}}",
                "{\"a\":{\"b\":\"x"
            ),
            ("any object", "{\"type\":\"object\"}", "{\"a\":[1,{\"b\":\"x"),
            ("any object, key", "{\"type\":\"object\"}", "{"),
            ("integer", "{\"type\":\"integer\"}", "12"), ("bool", "{\"type\":\"boolean\"}", ""),
            (
                "ambiguous lists",
                """
                {"anyOf":[{"type":"array","items":{"$ref":"#"},"maxItems":5},{"type":"array","items":{"$ref":"#"},
                "maxItems":6},{"type":"integer"},{"type":"string"},{"type":"string","maxLength":9}]}
                """, String(repeating: "[", count: 40)
            ),
            (
                "1000 optional properties",
                "{\"properties\":{" + (0..<1000).map { "\"p\($0)\":{\"type\":\"integer\"}" }.joined(separator: ",")
                    + "}}", "{"
            ),
            (
                "strings of 100 lengths",
                "{\"anyOf\":["
                    + (0..<100).map { "{\"type\":\"string\",\"maxLength\":\($0 + 5)}" }.joined(separator: ",") + "]}",
                "\"a"
            ),
            (
                "string or long constant",
                "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":9},{\"const\":\"abcdefghijklmn\"}]}", "\""
            ),
        ] {
            let grammar = try JSONGrammar(schema: json(schema))
            let position = try #require(grammar.position(after: grammar.beginning, Array(text.utf8)))
            start = clock.now
            let mask = grammar.tokens(after: position, in: index)
            let first = clock.now - start
            start = clock.now
            let next = grammar.position(after: position, Array(text.hasPrefix("\"") ? "a".utf8 : "".utf8)) ?? position
            _ = grammar.tokens(after: next, in: index)
            print("mask, \(name): first \(first), next \(clock.now - start)")
            #expect(!mask.isEmpty)
        }
    }
}
