internal import Synchronization

/// Chunks that wait to be taken, first the first, by whoever asks.
struct ChunkShare: ~Copyable {
    private let next = Atomic(0)
    private let end = Atomic(0)
    // so that no two shares lie in one cache line, nor in a pair that is fetched together
    private let padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    /// Nobody may take chunks meanwhile.
    borrowing func set(_ chunks: Range<Int>) {
        next.store(chunks.lowerBound, ordering: .relaxed)
        end.store(chunks.upperBound, ordering: .relaxed)
    }

    borrowing func take() -> Int? {
        let end = end.load(ordering: .relaxed)
        // looked at first: a share that is empty stays in everyone's cache
        guard next.load(ordering: .relaxed) < end else { return nil }
        let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return chunk < end ? chunk : nil
    }
}
