import Grammar
import JSON
import Testing

@Suite struct RefusedSchemaTests {
    private func refusal(_ schema: JSONValue) -> GrammarError? {
        do throws(GrammarError) {
            _ = try JSONGrammar(schema: schema)
            return nil
        } catch { return error }
    }

    static let cases: [(schema: String, path: String)] = [
        ("false", ""), ("null", ""), ("1", ""), ("[]", ""), ("{\"type\":\"strin\"}", "/type"),
        ("{\"type\":1}", "/type"),
        ("{\"type\":[]}", "/type"), ("{\"type\":[\"string\",1]}", "/type"), ("{\"$ref\":\"#\"}", ""),
        ("{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/a\"}}}", ""),
        ("{\"$ref\":\"#/$defs/b\",\"$defs\":{}}", "/$ref"), ("{\"$ref\":\"https://example.org/s.json\"}", "/$ref"),
        ("{\"$ref\":\"file:///etc/passwd\"}", "/$ref"), ("{\"$ref\":\"#/properties/a\"}", "/$ref"),
        ("{\"$ref\":5}", "/$ref"),
        ("{\"$ref\":\"#/$defs/%zz\"}", "/$ref"), ("{\"$ref\":\"#/$defs/%\"}", "/$ref"),
        ("{\"type\":\"string\",\"pattern\":\"(((((\"}", "/pattern"), ("{\"pattern\":\"^+\"}", "/pattern"),
        ("{\"pattern\":\"a{1000000}\"}", "/pattern"), ("{\"oneOf\":[true]}", "/oneOf"), ("{\"not\":true}", "/not"),
        ("{\"allOf\":[true,true]}", "/allOf"), ("{\"allOf\":[]}", "/allOf"), ("{\"anyOf\":{}}", "/anyOf"),
        ("{\"anyOf\":[]}", "/anyOf"), ("{\"anyOf\":[true,{\"if\":true}]}", "/anyOf/1/if"),
        ("{\"anyOf\":[true],\"type\":\"string\"}", "/type"), ("{\"$ref\":\"#\",\"minimum\":1}", "/minimum"),
        ("{\"type\":\"array\",\"minItems\":1e9}", "/minItems"), ("{\"minItems\":-1}", "/minItems"),
        ("{\"maxItems\":1.5}", "/maxItems"), ("{\"maxItems\":\"5\"}", "/maxItems"),
        ("{\"maxItems\":1e300}", "/maxItems"),
        ("{\"type\":\"array\",\"minItems\":3,\"maxItems\":2}", "/maxItems"), ("{\"uniqueItems\":true}", "/uniqueItems"),
        ("{\"items\":[true]}", "/items"), ("{\"contains\":true}", "/contains"), ("{\"prefixItems\":5}", "/prefixItems"),
        ("{\"prefixItems\":[true],\"items\":false,\"minItems\":2}", "/minItems"),
        ("{\"type\":\"string\",\"maxLength\":1e9}", "/maxLength"), ("{\"minLength\":5,\"maxLength\":4}", "/maxLength"),
        ("{\"type\":\"string\",\"format\":\"email\"}", "/format"), ("{\"format\":5}", "/format"),
        ("{\"type\":\"string\",\"format\":\"date\",\"maxLength\":3}", "/format"),
        ("{\"type\":\"number\",\"minimum\":1e16}", "/minimum"),
        ("{\"type\":\"number\",\"maximum\":1e-300}", "/maximum"),
        ("{\"type\":\"number\",\"minimum\":0.1,\"exclusiveMaximum\":0.1}", "/exclusiveMaximum"),
        ("{\"type\":\"number\",\"maximum\":1,\"minimum\":1.5}", "/maximum"),
        ("{\"minimum\":0.12345678901234567}", "/minimum"),
        ("{\"multipleOf\":2}", "/multipleOf"),
        ("{\"type\":\"integer\",\"minimum\":5,\"maximum\":4}", "/maximum"), ("{\"minimum\":\"1\"}", "/minimum"),
        ("{\"type\":\"integer\",\"minimum\":9223372036854775807}", "/minimum"),
        ("{\"type\":\"integer\",\"maximum\":-1e300}", "/maximum"),
        ("{\"enum\":[]}", "/enum"), ("{\"enum\":1}", "/enum"), ("{\"type\":\"null\",\"enum\":[1]}", "/enum"),
        ("{\"enum\":[1e300]}", "/enum"), ("{\"enum\":[1],\"const\":1}", "/const"),
        ("{\"type\":\"object\",\"properties\":[]}", "/properties"), ("{\"properties\":{\"a\":5}}", "/properties/a"),
        ("{\"properties\":{\"a\":{\"items\":{\"pattern\":\"x\"}}}}", "/properties/a/items/pattern"),
        (
            "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/x\"}},\"$defs\":{\"x\":{\"maxProperties\":1}}}",
            "/$defs/x/maxProperties"
        ),
        ("{\"patternProperties\":{}}", "/patternProperties"), ("{\"propertyNames\":true}", "/propertyNames"),
        ("{\"required\":[1]}", "/required"), ("{\"required\":\"a\"}", "/required"),
        ("{\"additionalProperties\":false,\"required\":[\"a\"]}", "/required"),
        ("{\"additionalProperties\":1}", "/additionalProperties"),
        ("{\"type\":\"object\",\"properties\":{\"a\":false},\"required\":[\"a\"]}", ""),
        ("{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}", ""),
        ("{\"nullable\":true}", "/nullable"), ("{\"items\":{\"$id\":\"x\"}}", "/items/$id"),
    ]

    @Test(arguments: cases.indices)
    func whatIsNotUnderstoodIsRefusedByName(_ index: Int) throws {
        let (schema, path) = Self.cases[index]
        let error = refusal(try json(schema))
        #expect(error?.path == path, "\(schema)")
        #expect(error?.description.hasSuffix(".") == true)
    }

    @Test func largeSchemasAreRefusedSoon() throws {
        func properties(_ count: Int, _ value: String = "{\"type\":\"string\"}") -> String {
            "{\"type\":\"object\",\"properties\":{"
                + (0..<count).map { "\"p\($0)\":\(value)" }.joined(separator: ",") + "}}"
        }
        func values(_ count: Int) -> String {
            "{\"enum\":[" + (0..<count).map { "\"v\($0)\"" }.joined(separator: ",") + "]}"
        }
        let start = ContinuousClock.now
        #expect(try refusal(json(properties(10_000))) != nil)
        #expect(try refusal(json(properties(1001)))?.path == "/properties")
        #expect(try refusal(json(values(100_000)))?.path == "/enum")
        #expect(try refusal(json(properties(100, "{\"type\":\"string\",\"maxLength\":10000}"))) == nil)
        #expect(try refusal(json("{\"const\":\"\(String(repeating: "x", count: 1_000_000))\"}")) != nil)
        let chain = (0..<6000).map { "\"d\($0)\":{\"$ref\":\"#/$defs/d\($0 + 1)\"}" }.joined(separator: ",")
        #expect(try refusal(json("{\"$ref\":\"#/$defs/d0\",\"$defs\":{\(chain)}}")) != nil)
        var nested: JSONValue = true
        for _ in 0..<100 { nested = ["items": nested] }
        #expect(refusal(nested) != nil)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func largeSchemasThatFitWork() throws {
        let names = (0..<1000).map { "\"p\($0)\":{\"type\":\"integer\"}" }.joined(separator: ",")
        let grammar = try JSONGrammar(schema: json("{\"type\":\"object\",\"properties\":{\(names)}}"))
        #expect(grammar.position(after: grammar.beginning, Array("{\"p0\":1,\"p999\":2}".utf8))?.isComplete == true)
    }

    /// Each level doubles the ways in which a text may have been taken; the text must still end.
    @Test func ambiguityIsBounded() throws {
        let schema = try json(
            """
            {"anyOf":[{"type":"array","items":{"$ref":"#"},"maxItems":5},{"type":"array","items":{"$ref":"#"},"maxItems":6},
            {"type":"integer"}]}
            """)
        let grammar = try JSONGrammar(schema: schema)
        let start = ContinuousClock.now
        let position = grammar.position(after: grammar.beginning, Array(repeating: UInt8(ascii: "["), count: 40))
        let end = Array("1".utf8) + Array(repeating: UInt8(ascii: "]"), count: 40)
        #expect(position.flatMap { grammar.position(after: $0, end) }?.isComplete == true)
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
