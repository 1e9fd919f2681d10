/// What can be said of a handful of samples.
///
/// Mean and standard deviation are llama-bench's; the median and the median absolute deviation are what a neighbour who
/// takes the core for one sample does not move.
package struct Statistics: Sendable, Equatable {
    package let count: Int
    package let mean: Double
    /// With count - 1 in the denominator; 0 for a single sample.
    package let standardDeviation: Double
    package let median: Double
    package let minimum: Double
    package let maximum: Double
    /// Median of the distances to the median.
    package let medianAbsoluteDeviation: Double

    /// Precondition: at least one sample.
    package init(_ samples: [Double]) {
        precondition(!samples.isEmpty, "statistics of no samples")
        let sorted = samples.sorted()
        let mean = samples.reduce(0, +) / Double(samples.count)
        let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let median = Self.median(ofSorted: sorted)
        count = samples.count
        self.mean = mean
        standardDeviation = samples.count > 1 ? (squares / Double(samples.count - 1)).squareRoot() : 0
        self.median = median
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
        medianAbsoluteDeviation = Self.median(ofSorted: samples.map { abs($0 - median) }.sorted())
    }

    private static func median(ofSorted values: [Double]) -> Double {
        let middle = values.count / 2
        return values.count.isMultiple(of: 2) ? (values[middle - 1] + values[middle]) / 2 : values[middle]
    }
}
