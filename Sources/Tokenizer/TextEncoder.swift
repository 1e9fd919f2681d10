/// Encodes stretches of text one after another into one list of tokens.
///
/// A text is cut into segments at spaces that no token can cross, which leaves the result as it is: joining on one
/// side of such a space never sees the other side. Segments are mostly words, so the queue of a segment stays small
/// and memory doesn't grow with the text.
struct TextEncoder {
    private let vocabulary: Vocabulary
    private let splitter: SpecialTokenSplitter
    private var merge = SentencePieceMerge()
    private var cache: SegmentCache?
    private var segment: [UInt8] = []
    private var isAfterToken = true
    private(set) var output: [TokenID] = []

    init(_ vocabulary: Vocabulary, _ splitter: SpecialTokenSplitter) {
        self.vocabulary = vocabulary
        self.splitter = splitter
    }

    mutating func append(_ id: TokenID) {
        output.append(id)
        isAfterToken = true
    }

    mutating func append(_ text: Span<UInt8>) {
        if cache == nil, text.count > 1 << 12 { cache = SegmentCache() }
        var position = 0
        for match in splitter.matches(in: text) {
            appendPlain(text, position, match.start)
            append(match.token)
            position = match.end
        }
        appendPlain(text, position, text.count)
    }

    /// `text[start..<end]`, which has no special tokens.
    private mutating func appendPlain(_ text: Span<UInt8>, _ start: Int, _ end: Int) {
        guard start < end else { return }
        if isAfterToken, vocabulary.special.addSpacePrefix == true { segment.append(contentsOf: ByteText.space) }
        isAfterToken = false

        var owed = 0  // bytes of the present character still to come
        for position in start..<end {
            let byte = text[position]
            if owed == 0 {
                let last = segment.last ?? 0
                let cuts = byte == 0x20 && !vocabulary.continuesAcrossSpace[Int(last)]
                if cuts || segment.count >= SentencePieceMerge.limit { flush() }
            }
            if byte != 0x20 {
                segment.append(byte)
                owed = owed == 0 ? ByteText.characterLength(byte) - 1 : owed - 1
            } else {
                // In text that is not UTF-8 a space may be taken into the character before it, in part or whole.
                for byte in ByteText.space {
                    segment.append(byte)
                    owed = owed == 0 ? ByteText.characterLength(byte) - 1 : owed - 1
                }
            }
        }
        flush()
    }

    private mutating func flush() {
        guard !segment.isEmpty else { return }
        defer { segment.removeAll(keepingCapacity: true) }
        guard segment.count <= SegmentCache.longestSegment, cache != nil else {
            return merge.encode(segment, vocabulary, into: &output)
        }
        if cache?.append(segment, to: &output) == true { return }
        let start = output.count
        merge.encode(segment, vocabulary, into: &output)
        cache?.insert(segment, output[start...])
    }
}
