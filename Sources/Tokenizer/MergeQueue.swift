/// Pairs of neighbours waiting to be joined, the least key first.
///
/// A sorted list of the pairs there are at first, and a heap of those that joining adds. For millions of pairs the time
/// goes into cache misses, about one for each level of a heap: the list has none, and with four children a node the heap
/// has half the levels of a binary one. It keeps no maximum, as the double-ended `Heap` of swift-collections does.
struct MergeQueue {
    struct Candidate {
        /// The score, inverted, so that the best is the least.
        let order: UInt32
        /// Where the left one begins.
        let start: UInt32
        /// Bytes of both together; when they differ at the time of joining, one has been joined to another meanwhile.
        let length: Int32

        var key: UInt64 { UInt64(order) << 32 | UInt64(start) }
    }

    /// The candidates of a text before anything is joined: sorted once and taken from the front.
    private var first: [Candidate] = []
    private var taken = 0
    /// The candidates that joining makes.
    private var nodes: [Candidate] = []

    /// Forgets all candidates, and the memory of a long text too.
    mutating func removeAll() {
        first.removeAll(keepingCapacity: first.capacity < 1 << 16)
        nodes.removeAll(keepingCapacity: nodes.capacity < 1 << 16)
        taken = 0
    }

    /// Adds a candidate without keeping order; `order()` must follow before anything else.
    mutating func append(_ candidate: Candidate) {
        first.append(candidate)
    }

    mutating func order() {
        first.sort { $0.key < $1.key }
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
        if taken < first.count, nodes.isEmpty || first[taken].key < nodes[0].key {
            taken += 1
            return first[taken - 1]
        }
        guard let last = nodes.popLast() else { return nil }
        guard let least = nodes.first else { return last }
        sink(last)
        return least
    }

    /// Puts `candidate` in the place of the root.
    private mutating func sink(_ candidate: Candidate) {
        var nodes = nodes.mutableSpan
        let count = nodes.count
        var position = 0
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
