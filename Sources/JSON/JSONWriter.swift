extension JSONValue {
    /// The JSON text on one line, with members in the order of their names: the same value gives the same bytes.
    ///
    /// Numbers that JSON does not have are written as null; U+2028 and U+2029 are escaped, for readers that take them
    /// for ends of lines.
    public var serialized: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes, inOrder: false)
        return bytes
    }

    /// The same with members in their own order, as a schema needs it.
    public var serializedInOrder: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes, inOrder: true)
        return bytes
    }

    private func append(to bytes: inout [UInt8], inOrder: Bool) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += "\(value)".utf8
        case .number(let value): bytes += (value.isFinite ? "\(value)" : "null").utf8
        case .string(let text): Self.append(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.append(to: &bytes, inOrder: inOrder)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, name) in (inOrder ? members.names : members.names.sorted()).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.append(name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                (members[name] ?? .null).append(to: &bytes, inOrder: inOrder)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes += "\\\"".utf8
            case "\\": bytes += "\\\\".utf8
            case "\n": bytes += "\\n".utf8
            case "\r": bytes += "\\r".utf8
            case "\t": bytes += "\\t".utf8
            case "\u{0}"..<" ", "\u{7F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                bytes += ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
            default: bytes += scalar.utf8
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
