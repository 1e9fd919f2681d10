internal import Charts

/// The value of a field of a record, as JSON and CSV can say it.
package enum FieldValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case list([FieldValue])
    case missing

    init(_ number: Double?) { self = number.map(Self.number) ?? .missing }
    init(_ integer: Int?) { self = integer.map(Self.integer) ?? .missing }
    init(_ text: String?) { self = text.map(Self.string) ?? .missing }

    /// As JSON; what is no number has no JSON and is null.
    var json: String {
        switch self {
        case .string(let text): Self.quoted(text)
        case .integer(let value): "\(value)"
        case .number(let value): value.isFinite ? value.decimals(6) : "null"
        case .bool(let flag): flag ? "true" : "false"
        case .list(let values): values.isEmpty ? "[]" : "[ " + values.map(\.json).joined(separator: ", ") + " ]"
        case .missing: "null"
        }
    }

    /// As the text of a CSV field, quoted as llama-bench quotes all of them.
    var csv: String {
        "\"" + csvText.replacing("\"", with: "\"\"") + "\""
    }

    private var csvText: String {
        switch self {
        case .string(let text): text
        case .bool(let flag): flag ? "1" : "0"
        case .list(let values): values.map(\.csvText).joined(separator: " ")
        case .missing: ""
        case .integer, .number: json
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// A named value of a record.
package struct Field: Sendable, Equatable {
    package let name: String
    package let value: FieldValue

    init(_ name: String, _ value: FieldValue) {
        self.name = name
        self.value = value
    }
}
