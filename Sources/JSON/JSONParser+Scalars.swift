extension JSONParser {
    mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        var isInteger = true
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            position = start
            throw fault("a number too large to be read")
        }
        return .number(value)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw fault("no digit, where one was expected") }
    }

    mutating func string() throws(JSONError) -> String {
        position += 1
        var text = ""
        while true {
            let start = position
            while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                position += 1
            }
            guard let plain = String(validating: bytes[start..<position], as: UTF8.self) else {
                position = start
                throw fault("the beginning of text that is not UTF-8")
            }
            text += plain
            if take("\"") { return text }
            guard take("\\") else {
                throw fault(peek == nil ? "the end inside a string" : "a control character that is not escaped")
            }
            text.unicodeScalars.append(try escaped())
        }
    }

    /// The character that stands behind a backslash.
    private mutating func escaped() throws(JSONError) -> Unicode.Scalar {
        guard let byte = peek else { throw fault("the end inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default:
            position -= 1
            throw fault("an escape that JSON does not have")
        }
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let mistake = fault("half of a surrogate pair")
        guard high < 0xDC00, take("\\"), take("u") else { throw mistake }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw mistake }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("no hexadecimal digit, where one was expected")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
