internal import Tokenizer

/// The tokens that may come next, the most probable first, as the filters of the sampling chain narrow them down.
struct Candidates {
    struct Entry {
        var token: TokenID
        var logit: Float
    }

    private(set) var entries: [Entry] = []
    /// Entries before this index are in their final order, and no later one belongs before them.
    private var sorted = 0

    /// Tokens whose logit is -infinity are none.
    init(_ logits: [Float]) {
        entries.reserveCapacity(logits.count)
        for i in logits.indices where logits[i] > -.infinity {
            entries.append(Entry(token: TokenID(i), logit: logits[i]))
        }
    }

    private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
        a.logit > b.logit || (a.logit == b.logit && a.token < b.token)
    }

    /// Puts the `count` most probable entries in order at the front.
    private mutating func sortPrefix(_ count: Int) {
        let count = min(count, entries.count)
        guard count > sorted else { return }
        if count < entries.count / 8 { partition(count) }
        entries[..<(count < entries.count / 8 ? count : entries.count)].sort(by: Self.precedes)
        sorted = count < entries.count / 8 ? count : entries.count
    }

    /// Quickselect: afterwards the `count` most probable entries are the first ones, in any order.
    private mutating func partition(_ count: Int) {
        var low = 0
        var high = entries.count - 1
        while low < high {
            let pivot = entries[low + (high - low) / 2]
            var (i, j) = (low, high)
            while i <= j {
                while Self.precedes(entries[i], pivot) { i += 1 }
                while Self.precedes(pivot, entries[j]) { j -= 1 }
                if i <= j {
                    entries.swapAt(i, j)
                    i += 1
                    j -= 1
                }
            }
            if count - 1 <= j { high = j } else if count - 1 >= i { low = i } else { return }
        }
    }

    /// Probabilities of all entries as they stand.
    private func probabilities() -> [Double] {
        let top = entries.lazy.map(\.logit).max() ?? 0
        var weights = entries.map { Double.exp($0.logit - top) }
        let sum = weights.reduce(0, +)
        for i in weights.indices { weights[i] /= sum }
        return weights
    }

    mutating func keepTop(_ k: Int) {
        guard k > 0, k < entries.count else { return }
        sortPrefix(k)
        entries.removeSubrange(k...)
        sorted = min(sorted, k)
    }

    /// Source: Holtzman et al. 2020, The Curious Case of Neural Text Degeneration.
    mutating func keepTopP(_ p: Float) {
        guard p < 1 else { return }
        let top = entries.lazy.map(\.logit).max() ?? 0
        let sum = entries.reduce(0.0) { $0 + Double.exp($1.logit - top) }
        var reached = 0.0
        var kept = 0
        var sortedSoFar = 64
        while kept < entries.count {
            if kept == sorted { sortPrefix(sortedSoFar) }
            sortedSoFar *= 8
            while kept < sorted {
                reached += Double.exp(entries[kept].logit - top) / sum
                kept += 1
                if reached >= Double(p) { return entries.removeSubrange(kept...) }
            }
        }
    }

    mutating func keepMinP(_ p: Float) {
        guard p > 0 else { return }
        let top = entries.lazy.map(\.logit).max() ?? 0
        let least = top + Float.log(p)
        entries.removeAll { $0.logit < least }
        sorted = min(sorted, entries.count)
    }

    /// Source: Meister et al. 2023, Locally Typical Sampling.
    mutating func keepTypical(_ p: Float) {
        guard p < 1 else { return }
        let probabilities = probabilities()
        let entropy = probabilities.reduce(0.0) { $1 > 0 ? $0 - $1 * Double.log($1) : $0 }
        let order = probabilities.indices.sorted {
            let (a, b) = (abs(-Double.log(probabilities[$0]) - entropy), abs(-Double.log(probabilities[$1]) - entropy))
            return a < b || (a == b && $0 < $1)
        }
        var reached = 0.0
        var kept: [Entry] = []
        for index in order {
            kept.append(entries[index])
            reached += probabilities[index]
            if reached > Double(p) { break }
        }
        entries = kept
        sorted = 0
    }

    /// The most probable token.
    func best() -> TokenID? {
        entries.min(by: Self.precedes)?.token
    }

    /// A token drawn by its probability at `temperature`.
    mutating func draw(temperature: Float, _ random: inout RandomSource) -> TokenID? {
        sortPrefix(entries.count)
        // relative to the best, so that a tiny temperature cannot make two infinities out of two logits
        let top = entries.first?.logit ?? 0
        for i in entries.indices { entries[i].logit = (entries[i].logit - top) / temperature }
        let probabilities = probabilities()
        var rest = random.unit()
        for (entry, probability) in zip(entries, probabilities) {
            rest -= probability
            if rest < 0 { return entry.token }
        }
        return entries.last?.token
    }
}
