/// The tokens of a vocabulary by their bytes, made once for all texts.
public final class VocabularyIndex: Sendable {
    /// Ids go from 0 to one less.
    public let count: Int
    let all: VocabularyTrie
    /// The tokens that are not made of whole characters that a JSON string may hold as they are.
    let special: VocabularyTrie
    /// Characters of the others; 0 for those in `special` and for tokens without text.
    private let characters: [UInt16]
    private let longest: Int
    private let plain: TokenMask
    private let bytes: [UInt8]
    private let offsets: [Int]

    /// - Parameter piece: the bytes that a token adds to the text; empty for one that can't be part of it.
    /// - Complexity: O(n log n) for n tokens.
    public init(count: Int, piece: (Int) -> [UInt8]) {
        var bytes: [UInt8] = []
        var offsets = [0]
        var characters: [UInt16] = []
        var plain = TokenMask(count: count)
        for token in 0..<count {
            let piece = piece(token)
            bytes += piece
            offsets.append(bytes.count)
            characters.append(UInt16(clamping: Self.plainCharacters(piece) ?? 0))
            if characters[token] > 0 { plain.insert(token) }
        }
        // most are told apart by their first eight bytes
        let order = (0..<count).filter { offsets[$0] < offsets[$0 + 1] }.map { token in
            let piece = bytes[offsets[token]..<offsets[token + 1]]
            let start = (0..<8).reduce(UInt64(0)) {
                $0 << 8 | UInt64($1 < piece.count ? piece[piece.startIndex + $1] : 0)
            }
            return (start: start, token: token)
        }.sorted {
            guard $0.start == $1.start else { return $0.start < $1.start }
            let (one, other) = ($0.token, $1.token)
            return bytes[offsets[one]..<offsets[one + 1]].lexicographicallyPrecedes(
                bytes[offsets[other]..<offsets[other + 1]])
        }
        let pieces = order.map { (token: Int32($0.token), bytes: bytes[offsets[$0.token]..<offsets[$0.token + 1]]) }
        all = VocabularyTrie(sorted: pieces)
        special = VocabularyTrie(sorted: pieces.filter { characters[Int($0.token)] == 0 })
        longest = Int(characters.max() ?? 0)
        (self.count, self.bytes, self.offsets, self.characters, self.plain) = (count, bytes, offsets, characters, plain)
    }

    /// The bytes of a token; none for an id outside the vocabulary.
    func piece(_ token: Int) -> ArraySlice<UInt8> {
        token >= 0 && token < count ? bytes[offsets[token]..<offsets[token + 1]] : []
    }

    /// The tokens of at most so many whole characters that a JSON string may hold as they are.
    func plain(upTo most: Int) -> TokenMask {
        guard most < longest else { return plain }
        var mask = TokenMask(count: count)
        for token in 0..<count where characters[token] > 0 && Int(characters[token]) <= most { mask.insert(token) }
        return mask
    }

    private static func plainCharacters(_ piece: [UInt8]) -> Int? {
        let quote = UInt8(ascii: "\"")
        let backslash = UInt8(ascii: "\\")
        guard piece.allSatisfy({ $0 >= 0x20 && $0 != quote && $0 != backslash }) else { return nil }
        guard let text = String(validating: piece, as: UTF8.self) else { return nil }
        let count = text.unicodeScalars.count
        return count <= Int(UInt16.max) ? count : nil
    }
}

/// A set of tokens, one bit each.
public struct TokenMask: Sendable, Equatable {
    private var words: [UInt64]

    public init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    public mutating func insert(_ token: Int) { words[token >> 6] |= 1 << UInt64(token & 63) }

    /// Calls `body` for each token that is not in the set, ids outside of it included.
    package func forEachOther(below count: Int, _ body: (Int) -> Void) {
        for first in stride(from: 0, to: count, by: 64) {
            var others = first >> 6 < words.count ? ~words[first >> 6] : .max
            while others != 0 {
                let token = first + others.trailingZeroBitCount
                guard token < count else { break }
                body(token)
                others &= others - 1
            }
        }
    }

    /// False for an id outside the vocabulary.
    public func contains(_ token: Int) -> Bool {
        token >= 0 && token >> 6 < words.count && words[token >> 6] >> UInt64(token & 63) & 1 == 1
    }
}
