/// Remembers the tokens of segments met before, because most words of a text come again.
///
/// It only saves work: what it remembers is what merging gives. It takes no more when full, so that it stays within the
/// processor's cache and memory does not grow with the text.
struct SegmentCache {
    private var index: TokenIndex
    private var bytes: [UInt8] = []
    private var offsets = [0]
    private var tokens: [TokenID] = []
    private var tokenOffsets = [0]

    /// Longer segments are rarely met again.
    static let longestSegment = 32
    private static let capacity = 1 << 14

    init() {
        index = TokenIndex(tokens: Self.capacity)
    }

    /// Appends the tokens of `segment` if they are known.
    func append(_ segment: [UInt8], to output: inout [TokenID]) -> Bool {
        let entry = index.find(segment.span.bytes, 0, segment.count, bytes: bytes.span.bytes, offsets: offsets.span)
        guard let entry else { return false }
        for position in tokenOffsets[Int(entry)]..<tokenOffsets[Int(entry) + 1] { output.append(tokens[position]) }
        return true
    }

    /// Remembers the tokens of a segment that is not known yet.
    mutating func insert(_ segment: [UInt8], _ encoded: ArraySlice<TokenID>) {
        guard tokenOffsets.count <= Self.capacity else { return }
        let start = bytes.count
        bytes.append(contentsOf: segment)
        offsets.append(bytes.count)
        tokens.append(contentsOf: encoded)
        let entry = TokenID(tokenOffsets.count - 1)
        tokenOffsets.append(tokens.count)
        let (bytes, offsets) = (bytes, offsets)  // a span may not come from the value being changed
        _ = index.insert(entry, start, bytes.count, bytes: bytes.span.bytes, offsets: offsets.span)
    }
}
