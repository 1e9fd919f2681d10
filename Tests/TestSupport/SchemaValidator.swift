public import JSON

/// A small validator of JSON Schema, written apart from `Grammar`: recursive and without a machine.
public struct SchemaValidator: Sendable {
    private let root: JSONValue

    public init(_ schema: JSONValue) { root = schema }

    public func accepts(_ value: JSONValue) -> Bool { accepts(value, root) }

    private func accepts(_ value: JSONValue, _ schema: JSONValue, _ references: Int = 0) -> Bool {
        if case .bool(let flag) = schema { return flag }
        if let name = schema["$ref"]?.string {
            let parts = name.split(separator: "/").map { (part: Substring) -> String in
                part.replacing("%20", with: " ").replacing("~1", with: "/").replacing("~0", with: "~").description
            }
            // a reference that leads to itself without a value in between says nothing
            guard references < 100 else { return false }
            return accepts(value, name == "#" ? root : root[parts[1]]?[parts[2]] ?? false, references + 1)
        }
        if case .array(let choices)? = schema["anyOf"], !choices.contains(where: { accepts(value, $0, references) }) {
            return false
        }
        if case .array(let all)? = schema["allOf"], !all.allSatisfy({ accepts(value, $0, references) }) { return false }
        if case .array(let values)? = schema["enum"], !values.contains(value) { return false }
        if let constant = schema["const"], constant != value { return false }
        if let type = schema["type"] {
            var types = [type]
            if case .array(let several) = type { types = several }
            guard types.contains(where: { isOf(value, $0.string ?? "") }) else { return false }
        }
        switch value {
        case .string(let text): return acceptsText(text, schema)
        case .integer(let number): return acceptsNumber(Double(number), schema)
        case .number(let number): return acceptsNumber(number, schema)
        case .array(let elements): return acceptsElements(elements, schema)
        case .object(let members): return acceptsMembers(members, schema)
        default: return true
        }
    }

    private func isOf(_ value: JSONValue, _ type: String) -> Bool {
        switch value {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .integer: type == "integer" || type == "number"
        case .number(let number): type == "number" || type == "integer" && number == number.rounded()
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }

    private func acceptsText(_ text: String, _ schema: JSONValue) -> Bool {
        let count = text.unicodeScalars.count
        if let least = schema["minLength"]?.wholeNumber, count < least { return false }
        if let most = schema["maxLength"]?.wholeNumber, count > most { return false }
        switch schema["format"]?.string {
        case "date": return isDate(text[...])
        case "date-time":
            let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && isDate(parts[0]) && isTime(parts[1])
        case "time": return isTime(text[...])
        case "uuid": return text.wholeMatch(of: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/) != nil
        case "ipv4":
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 4 && parts.allSatisfy { UInt8($0).map(String.init) == String($0) }
        default: return true
        }
    }

    private func isDate(_ text: Substring) -> Bool {
        guard let match = text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)/), let year = Int(match.1),
            let month = Int(match.2),
            let day = Int(match.3), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    private func isTime(_ text: Substring) -> Bool {
        text.wholeMatch(of: /([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)/) != nil
    }

    private func acceptsNumber(_ number: Double, _ schema: JSONValue) -> Bool {
        if let bound = schema["minimum"]?.double, number < bound { return false }
        if let bound = schema["maximum"]?.double, number > bound { return false }
        if let bound = schema["exclusiveMinimum"]?.double, number <= bound { return false }
        if let bound = schema["exclusiveMaximum"]?.double, number >= bound { return false }
        return true
    }

    private func acceptsElements(_ elements: [JSONValue], _ schema: JSONValue) -> Bool {
        if let least = schema["minItems"]?.wholeNumber, elements.count < least { return false }
        if let most = schema["maxItems"]?.wholeNumber, elements.count > most { return false }
        var prefix: [JSONValue] = []
        if case .array(let schemas)? = schema["prefixItems"] { prefix = schemas }
        return elements.enumerated().allSatisfy { index, element in
            accepts(element, index < prefix.count ? prefix[index] : schema["items"] ?? true)
        }
    }

    private func acceptsMembers(_ members: JSONObject, _ schema: JSONValue) -> Bool {
        if case .array(let names)? = schema["required"], names.contains(where: { members[$0.string ?? ""] == nil }) {
            return false
        }
        return members.names.allSatisfy { name in
            accepts(members[name] ?? .null, schema["properties"]?[name] ?? schema["additionalProperties"] ?? true)
        }
    }
}
