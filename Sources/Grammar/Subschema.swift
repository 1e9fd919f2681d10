internal import JSON

/// The keywords of one place in a schema, checked: what is not understood is refused rather than passed over.
struct Subschema {
    enum SchemaType: String, CaseIterable {
        case string, number, integer, boolean, null, object, array
    }

    /// Keywords that say at once what a value may be.
    enum Choices {
        case reference(String)
        case schemas(keyword: String, [JSONValue])
        case values([JSONValue])
    }

    static let maxValues = 5_000

    let path: String
    let depth: Int
    private let members: JSONObject

    /// Keywords that say something about a value without limiting it.
    private static let annotations: Set = [
        "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment",
        "$schema", "$id", "$defs", "definitions", "contentEncoding", "contentMediaType",
    ]
    private static let keywords: [String: SchemaType] = [
        "properties": .object, "required": .object, "additionalProperties": .object,
        "items": .array, "prefixItems": .array, "minItems": .array, "maxItems": .array, "uniqueItems": .array,
        "minLength": .string, "maxLength": .string, "format": .string,
        "minimum": .number, "maximum": .number, "exclusiveMinimum": .number, "exclusiveMaximum": .number,
    ]
    private static let choiceKeywords: Set = ["$ref", "anyOf", "allOf", "enum", "const"]

    init(_ members: JSONObject, path: String, depth: Int) throws(GrammarError) {
        (self.members, self.path, self.depth) = (members, path, depth)
        for name in members.names {
            guard name != "$id" || path.isEmpty else {
                throw .unsupported(path: place(name), remedy: "Give an `$id` to the whole schema only.")
            }
            if Self.annotations.contains(name) || Self.choiceKeywords.contains(name) || name == "type" { continue }
            if Self.keywords[name] != nil { continue }
            throw .unsupported(
                path: place(name),
                remedy: name == "oneOf"
                    ? "Say `anyOf`, which differs only where a value fits several."
                    : "Leave it out and check the answer afterwards.")
        }
    }

    subscript(name: String) -> JSONValue? { members[name] }

    /// The path of a keyword.
    func place(_ name: String) -> String { SchemaCompiler.join(path, name) }

    func wrongType(_ name: String, _ value: JSONValue, expected: String) -> GrammarError {
        .invalid(path: place(name), problem: "is \(value.kind), where \(expected) is expected.")
    }

    func array(_ name: String) throws(GrammarError) -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard case .array(let elements) = value else { throw wrongType(name, value, expected: "an array") }
        return elements
    }

    /// nil where only types and their keywords say what a value may be.
    func choices() throws(GrammarError) -> Choices? {
        let found = members.names.filter { Self.choiceKeywords.contains($0) }
        guard let name = found.first else { return nil }
        let others = members.names.filter { $0 != name && !Self.annotations.contains($0) }
        let isOfValues = name == "enum" || name == "const"
        if let other = others.first(where: { !isOfValues || $0 != "type" }) {
            throw .unsupported(path: place(other), remedy: "Beside `\(name)` it is not; put both into one.")
        }
        switch name {
        case "$ref":
            guard let target = self[name]?.string else {
                throw wrongType(name, self[name] ?? .null, expected: "a string")
            }
            return .reference(target)
        case "anyOf", "allOf":
            let schemas = try array(name) ?? []
            guard !schemas.isEmpty else { throw .invalid(path: place(name), problem: "has no schemas.") }
            guard name == "anyOf" || schemas.count == 1 else {
                throw .unsupported(path: place(name), remedy: "With more than one schema it is not; join them.")
            }
            return .schemas(keyword: name, schemas)
        default: return .values(try values(name))
        }
    }

    /// The values of `enum` or `const` that are of the types allowed.
    private func values(_ name: String) throws(GrammarError) -> [JSONValue] {
        let values = name == "const" ? [self[name] ?? .null] : try array(name) ?? []
        guard !values.isEmpty else { throw .invalid(path: place(name), problem: "has no values.") }
        guard values.count <= Self.maxValues else {
            throw .tooLarge(path: place(name), what: "values", limit: Self.maxValues)
        }
        guard values.allSatisfy(\.isExact) else {
            throw .unsupported(
                path: place(name), remedy: "With whole numbers of more than 18 digits it is not; give them as strings.")
        }
        guard let types = try self["type"].map({ (_) throws(GrammarError) in try self.types() ?? [] }) else {
            return values
        }
        let allowed = values.filter { value in types.contains { $0.contains(value) } }
        guard !allowed.isEmpty else { throw .unsatisfiable(path: place(name)) }
        return allowed
    }

    /// The types that `type` names, or those that the keywords belong to; nil for any value.
    func types() throws(GrammarError) -> [SchemaType]? {
        guard let value = self["type"] else {
            let found = Set(members.names.compactMap { Self.keywords[$0] })
            return found.isEmpty ? nil : SchemaType.allCases.filter(found.contains)
        }
        let names: [JSONValue]
        if case .array(let elements) = value { names = elements } else { names = [value] }
        var types: [SchemaType] = []
        for name in names {
            guard let text = name.string else {
                throw wrongType("type", name, expected: "a string or an array of strings")
            }
            guard let type = SchemaType(rawValue: text) else {
                throw .invalid(path: place("type"), problem: "is \(text.shown), which is no type of JSON Schema.")
            }
            if !types.contains(type) { types.append(type) }
        }
        guard !types.isEmpty else { throw .invalid(path: place("type"), problem: "has no types.") }
        return types
    }
}

extension Subschema.SchemaType {
    fileprivate func contains(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.null, .null), (.boolean, .bool), (.integer, .integer), (.number, .integer), (.number, .number),
            (.string, .string), (.array, .array), (.object, .object):
            true
        case (.integer, .number(let number)): number == number.rounded()
        default: false
        }
    }
}

extension JSONValue {
    /// Whether its numbers are those that the schema's text had, and not the nearest ones that a `Double` can hold.
    fileprivate var isExact: Bool {
        var rest = [self]
        while let value = rest.popLast() {
            switch value {
            case .number(let number): if abs(number) > 0x1p53 { return false }
            case .array(let elements): rest += elements
            case .object(let members): rest += members.names.compactMap { members[$0] }
            default: break
            }
        }
        return true
    }
}
