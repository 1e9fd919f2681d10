import HeapModule

extension SpecialTokenSplitter {
    /// A match in the order in which matches are taken: longest first, then lowest id, then leftmost.
    private struct Candidate: Comparable {
        let match: Match

        static func < (a: Candidate, b: Candidate) -> Bool {
            let (x, y) = (a.match.end - a.match.start, b.match.end - b.match.start)
            if x != y { return x > y }
            if a.match.token != b.match.token { return a.match.token < b.match.token }
            return a.match.start < b.match.start
        }
    }

    /// Takes what the order of tokens gives out of `cluster`, matches that may overlap, and empties it.
    ///
    /// A match whose end has been taken meanwhile makes way for the longest token that still fits before it. Each time
    /// its length at least halves, so a position returns to the queue a few times at most.
    func settle(_ cluster: inout [Match], _ text: Span<UInt8>, into taken: inout [Match]) {
        defer { cluster.removeAll(keepingCapacity: true) }
        guard cluster.count > 1 else {
            taken.append(contentsOf: cluster)
            return
        }
        let base = cluster[0].start
        let end = cluster.reduce(base) { max($0, $1.end) }
        let first = taken.count
        var isTaken = [Bool](repeating: false, count: end - base)
        // Sorting is linear for a run of one character; only what makes way has to be queued.
        cluster.sort { Candidate(match: $0) < Candidate(match: $1) }
        var queue = Heap<Candidate>()
        var next = 0
        while true {
            let match: Match
            if next < cluster.count, queue.min.map({ Candidate(match: cluster[next]) < $0 }) ?? true {
                match = cluster[next]
                next += 1
            } else if let candidate = queue.popMin() {
                match = candidate.match
            } else {
                break
            }
            guard !isTaken[match.start - base] else { continue }
            if let wall = (match.start..<match.end).first(where: { isTaken[$0 - base] }) {
                if let shorter = longest(text, match.start, wall) { queue.insert(Candidate(match: shorter)) }
            } else {
                for position in match.start..<match.end { isTaken[position - base] = true }
                taken.append(match)
            }
        }
        taken[first...].sort { $0.start < $1.start }
    }
}
