/// Pairs of neighbours waiting to be joined, the least key first.
///
/// A heap with four children a node. For millions of pairs the time goes into cache misses, about one for each level:
/// this has half the levels of a binary heap, and keeps no maximum as the double-ended `Heap` of swift-collections does.
struct MergeQueue {
    struct Candidate {
        /// Upper half: the score, inverted. Lower half: where the left one begins. The least is the best.
        let key: UInt64
        /// Bytes of both together; when they differ at the time of joining, one has been joined to another meanwhile.
        let length: Int32
    }

    private var nodes: [Candidate] = []

    /// Forgets all candidates, and the memory of a long text too.
    mutating func removeAll() {
        nodes.removeAll(keepingCapacity: nodes.capacity < 1 << 16)
    }

    /// Adds a candidate without keeping order; `order()` must follow before anything else.
    mutating func append(_ candidate: Candidate) {
        nodes.append(candidate)
    }

    /// Puts all candidates in order at once, which is O(n).
    mutating func order() {
        guard nodes.count > 1 else { return }
        for position in stride(from: (nodes.count - 2) / 4, through: 0, by: -1) {
            sink(nodes[position], from: position)
        }
    }

    mutating func insert(_ candidate: Candidate) {
        var position = nodes.count
        nodes.append(candidate)
        while position > 0 {
            let parent = (position - 1) / 4
            guard candidate.key < nodes[parent].key else { break }
            nodes[position] = nodes[parent]
            position = parent
        }
        nodes[position] = candidate
    }

    mutating func popMin() -> Candidate? {
        guard let last = nodes.popLast() else { return nil }
        guard let first = nodes.first else { return last }
        sink(last, from: 0)
        return first
    }

    private mutating func sink(_ candidate: Candidate, from start: Int) {
        var nodes = nodes.mutableSpan
        let count = nodes.count
        var position = start
        while true {
            let child = 4 * position + 1
            guard child < count else { break }
            var least = child
            var key = nodes[child].key
            for other in (child + 1)..<max(min(child + 4, count), child + 1) where nodes[other].key < key {
                least = other
                key = nodes[other].key
            }
            guard key < candidate.key else { break }
            nodes[position] = nodes[least]
            position = least
        }
        nodes[position] = candidate
    }
}
