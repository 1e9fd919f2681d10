extension JSONValue {
    /// Deepest nesting that is read.
    public static let maxDepth = 64

    /// Reads one JSON text, and refuses what readers differ about: bytes that are not UTF-8, a byte order mark, numbers
    /// that overflow, half surrogates, two members of one name, and what nests deeper than `maxDepth`.
    ///
    /// Throws: `JSONError.tooLarge` for more than `limit` bytes and `.fault` for all else, naming the byte.
    public init(parsing bytes: [UInt8], limit: Int) throws(JSONError) {
        try self.init(parsing: bytes, limit: limit, leavingOut: [])
    }

    /// The same without those members of the outermost object, which are stepped over: nothing in them is checked but
    /// where they end. For large files of which a part is wanted.
    package init(parsing bytes: [UInt8], limit: Int, leavingOut names: Set<String>) throws(JSONError) {
        guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        var parser = JSONParser(bytes, leavingOut: names)
        self = try parser.document()
    }
}

/// A reader of JSON that stops at the first fault. Its recursion is bounded by the depth allowed.
struct JSONParser {
    let bytes: [UInt8]
    var position = 0
    private var depth = 0
    private let unwanted: Set<String>

    init(_ bytes: [UInt8], leavingOut unwanted: Set<String> = []) {
        self.bytes = bytes
        self.unwanted = unwanted
    }

    mutating func document() throws(JSONError) -> JSONValue {
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { throw fault("a byte order mark; send UTF-8 without one") }
        let first = bytes.prefix(2)
        guard first != [0xFF, 0xFE], first != [0xFE, 0xFF], !first.contains(0) else {
            throw fault("what looks like UTF-16 or UTF-32; send UTF-8")
        }
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw fault("something after the end of the value") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        guard let byte = peek else { throw fault("the end, where a value was expected") }
        switch byte {
        case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw fault("no value")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard depth < JSONValue.maxDepth else { throw fault("a value nested deeper than \(JSONValue.maxDepth) levels") }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        var members = JSONObject()
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw fault("no name of a member") }
            let start = position
            let name = try string()
            skipSpace()
            guard take(":") else { throw fault("no colon after the name of a member") }
            if depth == 1, unwanted.contains(name) {
                try skipValue()
                skipSpace()
                continue
            }
            let value = try value()
            guard members[name] == nil else {
                position = start
                throw fault("the member \(name.shown) for the second time")
            }
            members[name] = value
            skipSpace()
        } while take(",")
        guard take("}") else { throw fault("neither a comma nor the end of the object") }
        return .object(members)
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(elements) }
        repeat {
            elements.append(try value())
            skipSpace()
        } while take(",")
        guard take("]") else { throw fault("neither a comma nor the end of the array") }
        return .array(elements)
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let word = Array(text.description.utf8)
        guard bytes[position...].starts(with: word) else { throw fault("no value") }
        position += word.count
        return value
    }

    /// Steps over a value by its strings and brackets alone.
    private mutating func skipValue() throws(JSONError) {
        var open = 0
        skipSpace()
        repeat {
            guard let byte = peek else { throw fault("the end inside a value") }
            switch byte {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard open > 0 else { throw fault("no value") }
                open -= 1
                position += 1
            case UInt8(ascii: ",") where open == 0: throw fault("no value")
            default:
                position += 1
                if open == 0 { skipWord() }
            }
        } while open > 0
    }

    private mutating func skipString() throws(JSONError) {
        position += 1
        while let byte = peek {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        throw fault("the end inside a string")
    }

    /// The rest of a number or of a word such as `true`.
    private mutating func skipWord() {
        while let byte = peek, ![0x20, 0x0A, 0x0D, 0x09].contains(byte),
            !",]}".utf8.contains(byte)
        {
            position += 1
        }
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// The next byte; nil at the end.
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Steps over the next byte if it is this one.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    func fault(_ what: String) -> JSONError { .fault(what, byte: position) }
}
