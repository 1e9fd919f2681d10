#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Why bytes are not the JSON that they should be.
struct JSONFault: Error, Equatable {
    let reason: String
    /// As the OpenAI API calls it in a batch's errors.
    var code = "invalid_json_line"
    /// The member at fault.
    var param: String?
}

/// Checks that bytes are one JSON object, and finds its members without decoding them.
///
/// Values stay the bytes they are, so numbers of any size and the order of keys come through unchanged. Depth is limited
/// before anything recurses deeper.
struct JSONScan {
    struct Member {
        let key: String
        /// Where the value stands, without white space around it.
        let value: Range<Int>
    }

    static let depthLimit = 64

    private let bytes: [UInt8]
    private let end: Int
    private var at: Int
    /// The object's members; after a fault those before it.
    private(set) var members: [Member] = []

    init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        at = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    /// The value of `key`; nil where there is none.
    func value(_ key: String) -> Range<Int>? { members.first { $0.key == key }?.value }

    /// The string at `range`; nil where no string stands there, or one that is not Unicode.
    func string(_ range: Range<Int>?) -> String? {
        guard let range, range.count >= 2, bytes[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
        let content = bytes[(range.lowerBound + 1)..<(range.upperBound - 1)]
        guard content.contains(UInt8(ascii: "\\")) else { return String(validating: content, as: UTF8.self) }
        return try? JSONDecoder().decode(String.self, from: Data(bytes[range]))
    }

    func isNull(_ range: Range<Int>) -> Bool { bytes[range].elementsEqual("null".utf8) }
    func isTrue(_ range: Range<Int>) -> Bool { bytes[range].elementsEqual("true".utf8) }

    /// Reads all of the bytes as one object.
    mutating func object() throws(JSONFault) {
        skipSpace()
        guard peek == UInt8(ascii: "{") else { throw JSONFault(reason: "it is not a JSON object") }
        try object(depth: 1, keeps: true)
        skipSpace()
        guard at == end else { throw fault("the object ends, and more follows") }
    }

    private mutating func value(depth: Int) throws(JSONFault) {
        guard depth <= Self.depthLimit else {
            throw JSONFault(reason: "it is more than \(Self.depthLimit) levels deep")
        }
        switch peek {
        case UInt8(ascii: "{"): try object(depth: depth, keeps: false)
        case UInt8(ascii: "["): try array(depth: depth)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    private mutating func object(depth: Int, keeps: Bool) throws(JSONFault) {
        at += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return }
        repeat {
            skipSpace()
            let start = at
            guard peek == UInt8(ascii: "\"") else { throw fault("a key was expected") }
            try string()
            let key = start..<at
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("a colon was expected") }
            skipSpace()
            let first = at
            try value(depth: depth + 1)
            if keeps {
                guard let name = string(key) else { throw fault("a key is not Unicode") }
                guard value(name) == nil else { throw JSONFault(reason: "its key \(name) stands twice") }
                members.append(Member(key: name, value: first..<at))
            }
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw fault("a comma or the object's end was expected") }
    }

    private mutating func array(depth: Int) throws(JSONFault) {
        at += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        repeat {
            skipSpace()
            try value(depth: depth + 1)
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw fault("a comma or the list's end was expected") }
    }

    private mutating func string() throws(JSONFault) {
        at += 1
        while at < end {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte < 0x20 { throw fault("a control character stands in a string") }
            guard byte == UInt8(ascii: "\\") else { continue }
            switch peek {
            case UInt8(ascii: "u"):
                guard at + 5 <= end, bytes[(at + 1)..<(at + 5)].allSatisfy(Self.isHexDigit) else {
                    throw fault("\\u takes four hexadecimal digits")
                }
                at += 5
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                at += 1
            default: throw fault("an unknown escape")
            }
        }
        throw fault("a string does not end")
    }

    private mutating func number() throws(JSONFault) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
    }

    private mutating func digits() throws(JSONFault) {
        let start = at
        while let byte = peek, (0x30...0x39).contains(byte) { at += 1 }
        guard at > start else { throw fault("a value was expected") }
    }

    private mutating func word(_ text: StaticString) throws(JSONFault) {
        let count = text.utf8CodeUnitCount
        guard at + count <= end, bytes[at..<(at + count)].elementsEqual("\(text)".utf8) else {
            throw fault("a value was expected")
        }
        at += count
    }

    private var peek: UInt8? { at < end ? bytes[at] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private func fault(_ what: String) -> JSONFault {
        at >= end ? JSONFault(reason: "it is cut off") : JSONFault(reason: "it is not JSON: \(what) at byte \(at + 1)")
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
