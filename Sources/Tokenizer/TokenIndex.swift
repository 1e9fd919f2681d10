/// From the bytes of a text to the id of the token with that text.
///
/// Open addressing over one array, because a dictionary of 256,000 small strings costs most of the start-up time.
/// The hash is seeded at random: a file cannot be made whose tokens all collide.
struct TokenIndex: Sendable {
    /// Upper half: upper half of the hash. Lower half: id + 1; a free slot is 0.
    private var slots: [UInt64]
    private let mask: Int
    private let seed: UInt64
    /// The length of the longest text, in bytes: no longer text needs to be looked up.
    private(set) var longest = 0

    init(tokens: Int) {
        var capacity = 16
        while capacity / 2 < tokens, capacity < 1 << 40 { capacity *= 2 }
        slots = [UInt64](repeating: 0, count: capacity)
        mask = capacity - 1
        seed = UInt64.random(in: .min ... .max)
    }

    /// Adds `id`, whose text is `bytes[start..<end]`, or answers with the token that has this text already.
    mutating func insert(_ id: TokenID, _ start: Int, _ end: Int, bytes: RawSpan, offsets: Span<Int>) -> TokenID? {
        let hash = ByteText.hash(bytes, start, end, seed: seed)
        let tag = hash & 0xFFFF_FFFF_0000_0000
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
            if slots[slot] & 0xFFFF_FFFF_0000_0000 == tag,
                ByteText.equal(bytes, start, end, bytes, offsets[other], offsets[other + 1])
            {
                return TokenID(truncatingIfNeeded: other)
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = tag | UInt64(UInt32(bitPattern: id) &+ 1)
        longest = max(longest, end - start)
        return nil
    }

    /// The token whose text is `text[start..<end]`.
    func find(_ text: RawSpan, _ start: Int, _ end: Int, bytes: RawSpan, offsets: Span<Int>) -> TokenID? {
        guard end > start, end - start <= longest else { return nil }
        let hash = ByteText.hash(text, start, end, seed: seed)
        let tag = hash & 0xFFFF_FFFF_0000_0000
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
            if slots[slot] & 0xFFFF_FFFF_0000_0000 == tag,
                ByteText.equal(text, start, end, bytes, offsets[other], offsets[other + 1])
            {
                return TokenID(truncatingIfNeeded: other)
            }
            slot = (slot + 1) & mask
        }
        return nil
    }
}
