import Grammar
import JSON
import TestSupport
import Testing

/// Schemas put together at random: what the grammar lets through, another reading of the schema accepts too.
@Suite struct RandomSchemaTests {
    private struct Source {
        var draw: Draw

        mutating func pick<T>(_ some: [T]) -> T { some[draw.next(below: some.count)] }
        mutating func flip() -> Bool { draw.next(below: 2) == 0 }

        mutating func decimal() -> JSONValue {
            switch draw.next(below: 3) {
            case 0: .integer(draw.next(below: 300) - 150)
            case 1: .number(Double(draw.next(below: 4000) - 2000) / 100)
            default: .number(Double(draw.next(below: 2000) - 1000) / 100_000)
            }
        }

        mutating func schema(_ depth: Int) -> JSONValue {
            var schema = JSONObject()
            switch draw.next(below: depth > 0 ? 12 : 8) {
            case 0:
                schema["type"] = "string"
                let least = draw.next(below: 4)
                if flip() { schema["minLength"] = .integer(least) }
                if flip() { schema["maxLength"] = .integer(least + draw.next(below: 5)) }
            case 1, 2:
                schema["type"] = pick(["integer", "number"])
                if flip() { schema[pick(["minimum", "exclusiveMinimum"])] = decimal() }
                if flip() { schema[pick(["maximum", "exclusiveMaximum"])] = decimal() }
            case 3: schema["type"] = pick(["boolean", "null", ["null", "integer"], ["string", "boolean"]])
            case 4:
                schema["enum"] = pick([["a", "ab", 1], [1, 12, -3, nil], [[1, "x"], ["k": true]], [0.5, 1e-7]])
            case 5: schema["const"] = pick(["x\"\n\\é😀", 12.5, ["a", nil], false])
            case 6:
                schema["type"] = "string"
                schema["format"] = pick(["date", "time", "date-time", "uuid", "ipv4"])
            case 7: schema["$ref"] = pick(["#/$defs/a", "#/$defs/b"])
            case 8: schema["anyOf"] = [self.schema(depth - 1), self.schema(depth - 1)]
            case 9:
                schema["type"] = "array"
                schema["items"] = self.schema(depth - 1)
                let least = draw.next(below: 3)
                if flip() { schema["minItems"] = .integer(least) }
                if flip() { schema["maxItems"] = .integer(least + draw.next(below: 3)) }
                if draw.next(below: 4) == 0 {
                    schema["prefixItems"] = [self.schema(depth - 1), self.schema(depth - 1)]
                }
            default:
                schema["type"] = "object"
                var properties = JSONObject()
                var required: [JSONValue] = []
                for name in ["b", "a", "a longer name", "\"ü"] where flip() {
                    properties[name] = self.schema(depth - 1)
                    if flip() { required.append(.string(name)) }
                }
                schema["properties"] = .object(properties)
                if flip() { schema["required"] = .array(required) }
                if flip() { schema["additionalProperties"] = pick([false, ["type": "integer"]]) }
            }
            return .object(schema)
        }

        mutating func document() -> JSONValue {
            let definitions: JSONValue = ["a": schema(2), "b": schema(1)]
            guard case .object(var root) = schema(3) else { return true }
            root["$defs"] = definitions
            return .object(root)
        }
    }

    @Test func whatIsLetThroughSatisfies() throws {
        var (compiled, checked) = (0, 0)
        for seed in 0..<400 as Range<UInt64> {
            var source = Source(draw: Draw(state: seed))
            let schema = source.document()
            let grammar: JSONGrammar
            do throws(GrammarError) { grammar = try JSONGrammar(schema: schema) } catch {
                // bounds that leave nothing, and references that go round
                guard case .unsatisfiable = error else { throw error }
                continue
            }
            compiled += 1
            let validator = SchemaValidator(schema)
            for _ in 0..<5 {
                guard let text = try walk(grammar, &source) else { continue }
                let value: JSONValue
                do throws(JSONError) { value = try JSONValue(parsing: text, limit: 1 << 20) } catch {
                    // names of free objects may repeat, as JSON allows
                    #expect(error.description.contains("second time"), "\(String(decoding: text, as: UTF8.self))")
                    continue
                }
                checked += 1
                #expect(
                    validator.accepts(value),
                    "\(String(decoding: schema.serializedInOrder, as: UTF8.self)) \(String(decoding: text, as: UTF8.self))"
                )
            }
        }
        #expect(compiled > 250 && checked > 1000, "\(compiled) \(checked)")
    }

    /// A text drawn byte by byte, with its end in sight after a while; nil where none came.
    private func walk(_ grammar: JSONGrammar, _ source: inout Source) throws -> [UInt8]? {
        var position = grammar.beginning
        var text: [UInt8] = []
        while !position.isComplete {
            let isLong = text.count > 60
            if position.isAccepting, isLong || source.flip() { return text }
            var open: [(UInt8, GrammarPosition)] = []
            for byte in UInt8.min...UInt8.max {
                if let next = grammar.position(after: position, [byte]) { open.append((byte, next)) }
            }
            try #require(!open.isEmpty)
            let closing = open.filter { [0x22, 0x5D, 0x7D].contains($0.0) }
            let (byte, next) = source.pick(isLong && !closing.isEmpty ? closing : open)
            text.append(byte)
            position = next
            if text.count > 3000 { return nil }
        }
        return text
    }

    /// Anything in any place of a schema gives a grammar or an error.
    @Test func nothingTrapsOnHostileValues() throws {
        let hostile: [JSONValue] = [
            nil, true, false, -1, 0, 1e308, -1e308, 1e-300, .integer(.max), .integer(.min), 1e18, -1e18,
            999_999_999_999_999_999,
            1e9, "", "#", "#/", "#/$defs/", "#/$defs/a", "#/definitions/x", "(((((", "\u{0}", "object", [], [nil],
            ["a", "a"],
            [:], ["type": "array"], ["$ref": "#"], ["anyOf": [["$ref": "#"], ["$ref": "#"]]],
            .string(String(repeating: "/", count: 500)),
        ]
        let keywords = [
            "type", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems",
            "minLength",
            "maxLength", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const",
            "anyOf",
            "allOf", "$ref", "$defs", "definitions", "$id", "oneOf", "not", "pattern", "uniqueItems", "nullable",
        ]
        var source = Source(draw: Draw(state: 5))
        var refused = 0
        for _ in 0..<4000 {
            guard case .object(var schema) = source.flip() ? source.document() : JSONValue.object(JSONObject()) else {
                continue
            }
            for _ in 0...source.draw.next(below: 3) {
                let keyword = source.pick(keywords)
                schema[keyword] = source.pick(hostile)
                if source.flip() { schema[keyword] = .object(JSONObject([(keyword, .object(schema))])) }
            }
            do throws(GrammarError) {
                let grammar = try JSONGrammar(schema: .object(schema))
                _ = grammar.position(after: grammar.beginning, Array("{\"a\": [1, {}]}".utf8))
            } catch {
                refused += 1
                #expect(error.path.isEmpty || error.path.hasPrefix("/"))
            }
        }
        #expect(refused > 1000)
    }
}
