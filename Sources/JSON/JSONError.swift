/// Why bytes are not taken for a JSON text.
public enum JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// More bytes than the caller allows.
    case tooLarge(limit: Int)
    /// What stands at a byte, in words that follow "byte 7 has".
    case fault(String, byte: Int)

    public var description: String {
        switch self {
        case .tooLarge(let limit): "the JSON text has more than \(limit) bytes."
        case .fault(let what, let byte): "byte \(byte) has \(what)."
        }
    }
}

extension String {
    /// Text from outside in backticks, cut short and without control characters, for a message.
    package var shown: String {
        let start = unicodeScalars.prefix(64)
        let isWhole = start.endIndex == unicodeScalars.endIndex
        return "`\(String(start).debugDescription.dropFirst().dropLast())\(isWhole ? "" : "...")`"
    }
}
