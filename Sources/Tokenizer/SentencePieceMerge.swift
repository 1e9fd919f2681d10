/// Joins the characters of a text into tokens, best score first.
///
/// Source: byte-pair encoding as in SentencePiece (Kudo & Richardson 2018): of all neighbours whose joint text is a
/// token, the pair with the highest score is joined, the leftmost of equals, until no pair is left. What is then not
/// a token is written as bytes.
/// - Complexity: O(n log n) for n bytes; 4 bytes of memory for each byte of text and 12 for each pair waiting.
struct SentencePieceMerge {
    /// Boundary tags (Knuth, volume 1, 2.5): the length of a symbol stands on its first byte and, negated, on its last,
    /// so that both neighbours are found without a linked list. A symbol of one byte has only 1; other bytes have 0.
    private var tags: [Int32] = []
    private var queue = MergeQueue()

    /// The longest text that can be encoded in one piece.
    static let limit = 1 << 30

    /// Appends the tokens of `text`, in which spaces are already U+2581.
    mutating func encode(_ text: [UInt8], _ vocabulary: borrowing Vocabulary, into output: inout [TokenID]) {
        let bytes = text.span.bytes
        split(text)
        seed(bytes, text.count, vocabulary)
        while let candidate = queue.popMin() {
            join(candidate, bytes, text.count, vocabulary)
        }
        write(text, vocabulary, into: &output)
    }

    /// One symbol for each character; bytes that are not UTF-8 go along with the byte that seems to begin them.
    private mutating func split(_ text: [UInt8]) {
        tags.removeAll(keepingCapacity: text.count < 1 << 16)
        tags.reserveCapacity(text.count)
        while tags.count < text.count {
            let length = min(ByteText.characterLength(text[tags.count]), text.count - tags.count)
            tags.append(Int32(length))
            guard length > 1 else { continue }
            for _ in 2..<length { tags.append(0) }
            tags.append(-Int32(length))
        }
    }

    private mutating func seed(_ bytes: RawSpan, _ count: Int, _ vocabulary: borrowing Vocabulary) {
        queue.removeAll()
        var left = 0
        var right = count > 0 ? Int(tags[0]) : 0
        while right < count {
            let end = right + Int(tags[right])
            if let candidate = candidate(left, end, bytes, vocabulary) { queue.append(candidate) }
            left = right
            right = end
        }
        queue.order()
    }

    @inline(__always)
    private func candidate(
        _ start: Int, _ end: Int, _ bytes: RawSpan, _ vocabulary: borrowing Vocabulary
    ) -> MergeQueue.Candidate? {
        guard let id = vocabulary.find(bytes, start, end) else { return nil }
        let priority = vocabulary.priorities[Int(id)]
        guard priority > 0 else { return nil }
        return MergeQueue.Candidate(order: ~priority, start: UInt32(start), length: Int32(end - start))
    }

    private mutating func join(
        _ candidate: MergeQueue.Candidate, _ bytes: RawSpan, _ count: Int, _ vocabulary: borrowing Vocabulary
    ) {
        let left = Int(candidate.start)
        let length = Int(candidate.length)
        let end = left + length
        let leftLength = Int(tags[left])
        guard leftLength > 0, leftLength < length else { return }
        let right = left + leftLength
        guard leftLength + Int(tags[right]) == length else { return }

        tags[right - 1] = 0
        tags[right] = 0
        tags[left] = candidate.length
        tags[end - 1] = -candidate.length

        if left > 0 {
            let before = left - abs(Int(tags[left - 1]))
            if let candidate = self.candidate(before, end, bytes, vocabulary) { queue.insert(candidate) }
        }
        if end < count {
            let after = end + Int(tags[end])
            if let candidate = self.candidate(left, after, bytes, vocabulary) { queue.insert(candidate) }
        }
    }

    private func write(_ text: [UInt8], _ vocabulary: borrowing Vocabulary, into output: inout [TokenID]) {
        let bytes = text.span.bytes
        var start = 0
        while start < text.count {
            let end = start + Int(tags[start])
            if let id = vocabulary.find(bytes, start, end), vocabulary.priorities[Int(id)] > 0 {
                output.append(id)
            } else {
                for position in start..<end { output.append(vocabulary.byteTokens[Int(text[position])]) }
            }
            start = end
        }
    }
}

extension Vocabulary {
    @inline(__always)
    func find(_ text: RawSpan, _ start: Int, _ end: Int) -> TokenID? {
        index.find(text, start, end, bytes: bytes.span.bytes, offsets: offsets.span)
    }
}
