/// What a model card (README.md) says about its model, in the YAML before its text.
///
/// Read are texts and lists of texts of the outermost level, which is what the card's own keys hold. Nested values, such
/// as examples for a web page, are passed over.
struct ModelCard {
    private enum Value {
        case text(String)
        case list([String])
    }

    private var values: [String: Value] = [:]

    init(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return }
        var index = 1
        while index < end {
            let line = lines[index]
            index += 1
            guard let (key, rest) = Self.pair(line) else { continue }
            let start = index
            while index < end, Self.continues(lines[index]) { index += 1 }
            values[key] = Self.value(rest, lines[start..<index].map { $0.trimmed })
        }
    }

    /// The text of `key`, or of a list its texts with commas between; nil where there is none.
    func text(_ key: String) -> String? {
        switch values[key] {
        case .text(let text): text
        case .list(let texts): texts.joined(separator: ",")
        case nil: nil
        }
    }

    /// The texts of `key`, one or several; nil where there is none.
    func list(_ key: String) -> [String]? {
        switch values[key] {
        case .text(let text): [text]
        case .list(let texts): texts
        case nil: nil
        }
    }

    /// A key of the outermost level with what stands behind its colon.
    private static func pair(_ line: String) -> (key: String, rest: String)? {
        guard let first = line.first, !first.isWhitespace, first != "#", first != "-",
            let colon = line.firstIndex(of: ":")
        else { return nil }
        let rest = line[line.index(after: colon)...]
        guard rest.isEmpty || rest.first?.isWhitespace == true else { return nil }
        return (String(line[..<colon]).trimmed, withoutComment(String(rest)).trimmed)
    }

    private static func continues(_ line: String) -> Bool {
        line.trimmed.isEmpty || line.first?.isWhitespace == true || line.hasPrefix("- ") || line == "-"
    }

    private static func value(_ rest: String, _ lines: [String]) -> Value? {
        let lines = lines.map { withoutComment($0).trimmed }.filter { !$0.isEmpty }
        guard let first = rest.first else {
            let items = lines.map { $0.hasPrefix("- ") ? scalar(String($0.dropFirst(2)).trimmed) : nil }
            return items.isEmpty || items.contains(nil) ? nil : .list(items.compactMap(\.self))
        }
        if first == "[" {
            let whole = ([rest] + lines).joined(separator: " ")
            guard whole.hasSuffix("]"), !whole.dropFirst().dropLast().contains(where: "[{".contains) else { return nil }
            let items = whole.dropFirst().dropLast().split(separator: ",").map { scalar(String($0).trimmed) }
            return items.contains(nil) ? nil : .list(items.compactMap(\.self))
        }
        guard !"{|>&*!".contains(first) else { return nil }
        return scalar(([rest] + lines).joined(separator: " ")).map { .text($0) }
    }

    /// A text without its quotes; nil for null and for what is no text.
    private static func scalar(_ text: String) -> String? {
        for quote: Character in ["\"", "'"] where text.first == quote {
            guard text.count > 1, text.last == quote else { return nil }
            let inner = String(text.dropFirst().dropLast())
            return quote == "'" ? inner.replacing("''", with: "'") : inner.replacing("\\\"", with: "\"")
        }
        guard !["", "~", "null", "Null", "NULL"].contains(text), !text.hasSuffix(":"), !text.contains(": "),
            text.first != "{", text.first != "["
        else { return nil }
        return text
    }

    private static func withoutComment(_ text: String) -> String {
        var quote: Character?
        var previous: Character = " "
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                if previous.isWhitespace || "[,".contains(previous) { quote = character }
            } else if character == "#", previous.isWhitespace {
                return String(text[..<index])
            }
            previous = character
        }
        return text
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
