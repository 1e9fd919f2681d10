/// What lm-evaluation-harness does to texts in Python, done alike.
extension String {
    /// `str.strip()`
    var stripped: String {
        var scalars = unicodeScalars[...]
        while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
        while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
        return String(scalars)
    }

    /// `str.capitalize()`: the first character as in titles, all others small.
    var capitalizedAsSentence: String {
        guard let first = unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping
            + String(String.UnicodeScalarView(unicodeScalars.dropFirst())).lowercased()
    }

    /// `str.replace`: from the left, without looking at what was put in.
    func replacingAll(_ old: String, with new: String) -> String {
        let (text, old) = (Array(utf8), Array(old.utf8))
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index...].starts(with: old) {
                result += new.utf8
                index += old.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `re.sub(r"\[.*?\]", "", text)`: without what stands in brackets on one line.
    var withoutBrackets: String {
        var result = String.UnicodeScalarView()
        var rest = unicodeScalars[...]
        while let scalar = rest.first {
            if scalar == "[", let end = rest.firstIndex(where: { $0 == "]" || $0 == "\n" }), rest[end] == "]" {
                rest = rest[end...].dropFirst()
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(result)
    }
}
