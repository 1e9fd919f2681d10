internal import Crypto

/// The part of a batch that one of several runners owns.
///
/// A line belongs to the runner that the first 8 bytes of the SHA-256 of its custom_id name, as a big-endian number
/// modulo the count: the same everywhere and always, whatever other lines there are.
public struct Shard: Sendable, Equatable, CustomStringConvertible {
    public let index: Int
    public let count: Int

    /// Everything.
    public static let whole = Shard(index: 0, count: 1)

    /// `text` is "i/n" with 0 <= i < n. Throws: `BatchError.shard` for anything else.
    public init(_ text: String) throws(BatchError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let index = Int(parts[0]), let count = Int(parts[1]), index < count
        else { throw .shard(text) }
        self.init(index: index, count: count)
    }

    private init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    public var description: String { "\(index)/\(count)" }

    package func owns(_ id: IDDigest) -> Bool { count == 1 || id.high % UInt64(count) == UInt64(index) }
}

/// The first 16 bytes of the SHA-256 of a custom_id. Equal digests are equal names for all that can happen by chance.
package struct IDDigest: Hashable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(_ customID: String) {
        let bytes = Array(SHA256.hash(data: Array(customID.utf8)))
        high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    package static func < (a: IDDigest, b: IDDigest) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension Digest {
    /// In lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
