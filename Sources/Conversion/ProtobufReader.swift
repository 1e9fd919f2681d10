/// A walk through the fields of a protocol buffers message. Every length is checked against the bytes that are there.
///
/// Source: protobuf.dev/programming-guides/encoding.
struct ProtobufReader {
    enum Value {
        case number(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        /// A text, bytes or a message, by its place.
        case range(Range<Int>)
    }

    /// What is wrong at a byte, in words that follow "byte 7 has".
    struct Fault: Error, Equatable {
        let what: String
        let byte: Int
    }

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        let range = range ?? bytes.indices
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "a message at \(range)")
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field's number and value, or nil at the end.
    mutating func next() throws(Fault) -> (field: Int, value: Value)? {
        guard position < end else { return nil }
        let start = position
        let key = try varint()
        guard key >> 3 > 0, let field = Int(exactly: key >> 3), field < 1 << 29 else {
            throw Fault(what: "no number of a field", byte: start)
        }
        switch key & 7 {
        case 0: return (field, .number(try varint()))
        case 1: return (field, .fixed64(try fixed(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - position) else {
                throw Fault(what: "a field of \(length) bytes, of which \(end - position) are there", byte: start)
            }
            let range = position..<position + Int(length)
            position = range.upperBound
            return (field, .range(range))
        case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw Fault(what: "a field of a kind that is not used", byte: start)
        }
    }

    private mutating func varint() throws(Fault) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            guard position < end else { throw Fault(what: "a number that goes on past the end", byte: start) }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Fault(what: "a number of more than ten bytes", byte: start)
    }

    private mutating func fixed(_ count: Int) throws(Fault) -> UInt64 {
        guard end - position >= count else { throw Fault(what: "a number that goes on past the end", byte: position) }
        defer { position += count }
        return bytes[position..<position + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
