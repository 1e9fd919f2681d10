import JSON
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8), limit: 1 << 20) }

    private func fault(_ bytes: [UInt8], limit: Int = 1 << 20) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONValue(parsing: bytes, limit: limit)
            return nil
        } catch { return error }
    }

    @Test func valuesAreRead() throws {
        #expect(
            try parse(" {\"a\" : [1, -2.5, 1e2, -0, true,false , null],\r\n\t\"b\":{\"\":\"x\"}} ")
                == ["a": [1, -2.5, 100.0, 0, true, false, nil], "b": ["": "x"]])
        #expect(try parse("\"\\u00e9\\ud83d\\ude00\\n\\/\\\\\\\"\\u0000é😀\"") == "é😀\n/\\\"\u{0}é😀")
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try parse("1e2").wholeNumber == 100 && parse("1.5").wholeNumber == nil)
        #expect(try parse("1e300").wholeNumber == nil)
    }

    @Test func membersAreSteppedOver() throws {
        func parse(_ text: String) throws -> JSONValue {
            try JSONValue(parsing: Array(text.utf8), limit: 1 << 20, leavingOut: ["x", "y"])
        }
        for value in ["1", "-1.5e3", "true", "\"}\\\"]\"", "[1, {\"a\": \"]\"}]", "{\"x\": [[], {}]}", "{}"] {
            #expect(try parse("{\"a\": 1, \"x\": \(value) , \"b\": 2}") == ["a": 1, "b": 2], "\(value)")
            #expect(try parse("{\"y\":\(value),\"x\":\(value)}") == [:], "\(value)")
        }
        #expect(try parse("{\"a\": {\"x\": 1}}") == ["a": ["x": 1]])
        for text in [
            "{\"x\": ", "{\"x\": [", "{\"x\": \"", "{\"x\": \"\\", "{\"x\": }", "{\"x\": ,\"a\":1}", "{\"x\": 1",
        ] {
            #expect(throws: JSONError.self, "\(text)") { try parse(text) }
        }
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{1:1}",
        "nul", "tru", "True", "NaN", "Infinity", "-", "+1", "01x", "1.", ".5", "1e", "1e400", "-1e400", "0x10",
        "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
        "\"a\nb\"", "\"\u{0}\"", "{} {}", "{}x", "'a'", "{\"a\":1,\"a\":2}", "\u{FEFF}{}", "// x\n1",
    ])
    func brokenTextIsRefused(_ text: String) throws {
        let error = try #require(fault(Array(text.utf8)))
        guard case .fault = error else { throw error }
    }

    @Test func bytesThatAreNotUTF8AreRefused() throws {
        let quote = UInt8(ascii: "\"")
        for bytes: [UInt8] in [
            [quote, 0xFF, quote], [quote, 0xC3, quote], [quote, 0xED, 0xA0, 0x80, quote], [quote, 0xC0, 0xAF, quote],
            [0xFF], [0xFE, 0xFF, 0, 0x7B], [0xFF, 0xFE, 0x7B, 0], [0x7B, 0, 0x7D, 0], [0],
        ] {
            #expect(fault(bytes) != nil)
        }
    }

    @Test func nestingIsBounded() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(fault(nested(64)) == nil)
        for depth in [65, 513, 100_000] { #expect(fault(nested(depth))?.description.contains("64 levels") == true) }
        #expect(fault(Array(repeating: UInt8(ascii: "["), count: 1_000_000)) != nil)
        #expect(fault(Array(String(repeating: "{\"a\":", count: 65).utf8)) != nil)
    }

    @Test func sizeIsBounded() {
        #expect(fault(Array("[1, 2]".utf8), limit: 6) == nil)
        #expect(fault(Array("[1, 2]".utf8), limit: 5) == .tooLarge(limit: 5))
    }

    @Test func truncationAndByteChangesNeverTrap() {
        let text = Array("{\"a\":[1,-2.5e3,\"x\\u00e9\\ud83d\\ude00é\"],\"b\":{\"c\":null,\"d\":true}}".utf8)
        for end in text.indices { #expect(fault(Array(text[..<end])) != nil) }
        for index in text.indices {
            for byte: UInt8 in [0, 0x22, 0x5B, 0x5C, 0x7D, 0x80, 0xFF] {
                var changed = text
                changed[index] = byte
                _ = fault(changed)
            }
        }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let value: JSONValue = [
            "z": [1, -0.5, 1e-300, 1e16, .integer(.min), nil, true], "a": ["é": "\u{0}\u{1F}\"\\/\n\u{2028}😀"], "m": "",
        ]
        #expect(
            value.text
                == "{\"a\":{\"é\":\"\\u0000\\u001f\\\"\\\\/\\n\\u2028😀\"},\"m\":\"\","
                + "\"z\":[1,-0.5,1e-300,1e+16,-9223372036854775808,null,true]}")
        #expect(try parse(value.text) == value)
        #expect(JSONValue.array([.number(.nan), .number(-.infinity)]).text == "[null,null]")
    }

    @Test func membersKeepTheirOrder() throws {
        let value = try parse("{\"b\":1,\"a\":{\"z\":2,\"y\":3},\"c\":4}")
        guard case .object(var members) = value else { return #expect(Bool(false)) }
        #expect(members.names == ["b", "a", "c"])
        #expect(value == ["c": 4, "a": ["y": 3, "z": 2], "b": 1])
        members["a"] = nil
        members["d"] = 5
        members["b"] = 6
        #expect(members.names == ["b", "c", "d"] && members["b"] == 6 && members.count == 3)
    }
}

extension JSONValue {
    fileprivate var text: String { String(decoding: serialized, as: UTF8.self) }
}
