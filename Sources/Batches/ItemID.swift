#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The name of a file or batch: made here, and never taken from what a client says.
///
/// Its digits begin with the time, so that names in their order are in the order of making, also where some are gone.
package struct ItemID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case file = "file-"
        case batch = "batch_"
    }

    package let kind: Kind
    private let digits: String

    private static let timeDigits = 9
    private static let count = 24

    /// nil for what is no name of this kind; nothing else ever becomes part of a path.
    package init?(_ text: String, _ kind: Kind) {
        guard text.hasPrefix(kind.rawValue) else { return nil }
        let digits = text.dropFirst(kind.rawValue.count)
        let isGood = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
        guard digits.utf8.count == Self.count, isGood else { return nil }
        self.kind = kind
        self.digits = String(digits)
    }

    /// A new name, later than `last`.
    init(_ kind: Kind, after last: ItemID?) {
        var time = UInt64(max(Date().timeIntervalSince1970, 0) * 1000)
        if let before = last.flatMap({ UInt64($0.digits.prefix(Self.timeDigits), radix: 36) }) {
            time = max(time, before &+ 1)
        }
        let text = String(time, radix: 36)
        var digits = String(repeating: "0", count: max(0, Self.timeDigits - text.utf8.count)) + text
        while digits.utf8.count < Self.count { digits += String(UInt8.random(in: 0..<36), radix: 36) }
        self.kind = kind
        self.digits = digits
    }

    package var description: String { kind.rawValue + digits }

    package static func < (a: ItemID, b: ItemID) -> Bool {
        a.digits.utf8.lexicographicallyPrecedes(b.digits.utf8)
    }
}

extension ItemID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ItemID(text, .file) ?? ItemID(text, .batch) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no name of a file or batch")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
