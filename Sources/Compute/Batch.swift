internal import CKernels

/// The rows of one forward call: consecutive rows are the next positions of one sequence, then of the next sequence.
///
/// Filled anew for each call; its memory is kept.
public final class Batch {
    /// Rows in all.
    public private(set) var rows = 0
    /// Position of each row in its sequence.
    public private(set) var positions: [Int] = []
    /// The sequences whose rows these are.
    private(set) var sequences: [Sequence] = []
    /// The rows in blocks that share a panel of keys.
    private(set) var panels: [Block] = []

    struct Sequence {
        let cache: KVCache
        let firstRow: Int
        let firstPosition: Int
        let count: Int
    }

    /// Consecutive rows of one sequence.
    struct Block {
        let sequence: Int
        let rows: Range<Int>
        let firstPosition: Int

        var positions: Range<Int> { firstPosition..<firstPosition + rows.count }
    }

    public init() {}

    /// Precondition: each span has rows and room for them; each cache is there once; all are of one shape.
    public func fill(_ spans: [KVCache.Span]) {
        clear()
        for (index, span) in spans.enumerated() {
            let cache = span.cache
            precondition(span.count >= 1, "a span of \(span.count) positions")
            precondition(
                span.count <= cache.capacity - cache.count,
                "\(span.count) positions after \(cache.count) in a cache of \(cache.capacity)")
            for other in sequences {
                precondition(other.cache !== cache, "one cache in two spans of a call")
                precondition(
                    other.cache.pool.shape == cache.pool.shape, "span \(index) has a cache of another shape")
            }
            cache.reserve(span.count)
            sequences.append(
                Sequence(cache: cache, firstRow: rows, firstPosition: cache.count, count: span.count))
            for position in cache.count..<cache.count + span.count { positions.append(position) }
            rows += span.count
        }
        appendBlocks(of: Int(CARAT_KEY_PANEL), to: &panels)
    }

    /// Forgets the sequences.
    public func clear() {
        rows = 0
        positions.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        panels.removeAll(keepingCapacity: true)
    }

    /// Makes all rows part of their sequences, once every layer has stored them.
    public func advance() {
        for sequence in sequences { sequence.cache.advance(to: sequence.firstPosition + sequence.count) }
    }

    /// Cuts the sequences at the positions that are multiples of `length`.
    func appendBlocks(of length: Int, to blocks: inout [Block]) {
        for (index, sequence) in sequences.enumerated() {
            var done = 0
            while done < sequence.count {
                let position = sequence.firstPosition + done
                let count = min(length - position % length, sequence.count - done)
                let row = sequence.firstRow + done
                blocks.append(Block(sequence: index, rows: row..<row + count, firstPosition: position))
                done += count
            }
        }
    }
}
