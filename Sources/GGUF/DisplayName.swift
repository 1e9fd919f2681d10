/// Makes text from a file fit for a one-line message: control, format and other invisible characters are escaped,
/// and long text is cut, so that a file cannot forge lines of a log or colours of a terminal.
package func displayName(_ text: String, limit: Int = 96) -> String {
    guard !text.isEmpty else { return "\"\"" }
    var shown = ""
    var length = 0
    for scalar in text.unicodeScalars {
        if length == limit { return shown + "... (\(text.utf8.count) bytes)" }
        length += 1
        shown += escaped(scalar)
    }
    return shown
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    case "\\": "\\\\"
    default:
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            "\\u{" + String(scalar.value, radix: 16) + "}"
        default: String(Character(scalar))
        }
    }
}
