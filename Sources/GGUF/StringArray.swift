/// Strings without one heap object per string: all texts one after another, and where each begins.
///
/// A vocabulary has hundreds of thousands of short texts; as `[String]` it would cost more time and memory than
/// reading the rest of the header.
public struct StringArray: Hashable, Sendable {
    /// All texts, one after another.
    public let bytes: [UInt8]
    /// Where each text begins in ``bytes``, and one more entry for the end of the last.
    /// Shape: `count + 1`, rising, from 0 to `bytes.count`.
    public let offsets: [Int]

    public init(_ texts: some Sequence<String>) { self.init(texts.lazy.map { Array($0.utf8) }) }

    public init(_ texts: some Sequence<[UInt8]>) {
        var bytes: [UInt8] = []
        var offsets = [0]
        for text in texts {
            bytes += text
            offsets.append(bytes.count)
        }
        self.init(bytes: bytes, offsets: offsets)
    }

    init(bytes: [UInt8], offsets: [Int]) {
        self.bytes = bytes
        self.offsets = offsets
    }

    public var count: Int { offsets.count - 1 }
    public var isEmpty: Bool { offsets.count == 1 }
    public var indices: Range<Int> { 0..<count }

    /// The bytes of text `i`; not necessarily valid UTF-8.
    public subscript(i: Int) -> ArraySlice<UInt8> { bytes[offsets[i]..<offsets[i + 1]] }

    /// Text `i`, or nil if it is not valid UTF-8.
    public func text(_ i: Int) -> String? { String(validating: self[i], as: UTF8.self) }
}
