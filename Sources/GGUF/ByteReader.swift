/// A position in the header of a file that moves forwards, and stops at ``end``.
///
/// The bytes are handed to each call rather than kept, since a span may not outlive the call that lends it. Each
/// read says what it reads, for the message if the file ends there.
struct ByteReader {
    var offset: Int
    /// The end of the file, or of the part of it that a header may fill.
    let end: Int
    private let fileEnd: Int

    init(_ span: RawSpan, from offset: Int = 0, limit: Int = .max) {
        self.offset = offset
        end = min(span.byteCount, limit)
        fileEnd = span.byteCount
    }

    var remaining: Int { end - offset }

    /// Fails unless `count` more bytes are there.
    func require(_ count: UInt64, _ what: @autoclosure () -> GGUFError.Place) throws(GGUFError) -> Int {
        guard let size = Int(exactly: count), size <= fileEnd - offset else {
            throw .truncated(what(), offset: offset, needed: count, remaining: fileEnd - offset)
        }
        guard size <= remaining else { throw .headerTooLarge(what(), offset: offset, limit: end) }
        return size
    }

    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ span: RawSpan, _ what: @autoclosure () -> GGUFError.Place
    ) throws(GGUFError) -> T {
        let size = try require(UInt64(MemoryLayout<T>.size), what())
        let value = span.unsafeLoadUnaligned(fromByteOffset: offset, as: T.self)
        offset += size
        return T(littleEndian: value)
    }

    /// The range of `count` bytes, which are passed over.
    mutating func skip(_ count: UInt64, _ what: @autoclosure () -> GGUFError.Place) throws(GGUFError) -> Range<Int> {
        let size = try require(count, what())
        let range = offset..<offset + size
        offset += size
        return range
    }

    /// The range of a string's text, after the length that stands before it.
    mutating func stringRange(
        _ span: RawSpan, _ what: @autoclosure () -> GGUFError.Place
    ) throws(GGUFError) -> Range<Int> {
        let length: UInt64 = try integer(span, what())
        return try skip(length, what())
    }
}

extension RawSpan {
    /// A copy of the bytes of `range`.
    func copy(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBytes { Array($0) }
    }
}
