/// How a step's positions are shared out among prefills.
package enum StepPlan {
    /// Positions for each of the prefills, given how many each has to go, in the order of their arrival.
    ///
    /// The oldest gets at least half, so that it comes to its end whatever arrives after it; the other half goes to
    /// the shortest first, so that a long prefill does not stall them; what they leave over goes to the rest in order.
    package static func shares(of budget: Int, remaining: [Int]) -> [Int] {
        var shares = [Int](repeating: 0, count: remaining.count)
        guard budget > 0, let first = remaining.first else { return shares }
        var left = budget
        func give(_ index: Int, _ most: Int) {
            let share = min(most, remaining[index] - shares[index], left)
            shares[index] += share
            left -= share
        }
        give(0, remaining.count == 1 ? first : (budget + 1) / 2)
        let shortest = remaining.indices.dropFirst().sorted { (remaining[$0], $0) < (remaining[$1], $1) }
        // one who would only begin takes nothing from those who come to their end
        for index in shortest where remaining[index] <= left { give(index, .max) }
        give(0, .max)
        for index in remaining.indices { give(index, .max) }
        return shares
    }
}
