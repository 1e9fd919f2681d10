/// Quantiles of numbers, with standard errors that ask for no distribution.
package struct Quantiles: Sendable {
    private let sorted: [Double]

    package init(_ values: [Double]) { sorted = values.sorted() }

    /// The value below which a part `p` of the numbers lies, linear between neighbours; 0 of no numbers.
    package func value(_ p: Double) -> Double {
        guard let last = sorted.last else { return 0 }
        let place = min(max(p, 0), 1) * Double(sorted.count - 1)
        let below = Int(place)
        guard below + 1 < sorted.count else { return last }
        let part = place - Double(below)
        return (1 - part) * sorted[below] + part * sorted[below + 1]
    }

    /// Half the distance between the quantiles one standard deviation of a binomial count away.
    ///
    /// Source: order-statistic intervals; Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2.
    package func estimate(_ p: Double) -> Estimate {
        guard sorted.count > 1 else { return Estimate(value(p), 0) }
        let deviation = (p * (1 - p) / Double(sorted.count)).squareRoot()
        return Estimate(value(p), (value(p + deviation) - value(p - deviation)) / 2)
    }
}
