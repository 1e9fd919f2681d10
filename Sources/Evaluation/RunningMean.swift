/// Mean of numbers as they come, and its standard error.
package struct RunningMean: Sendable, Equatable {
    package private(set) var count = 0
    private var sum = 0.0
    private var squares = 0.0

    package init() {}

    package mutating func add(_ value: Double) {
        count += 1
        sum += value
        squares += value * value
    }

    /// 0 of no numbers.
    package var mean: Double { count > 0 ? sum / Double(count) : 0 }

    /// Standard deviation of the numbers over the root of their count; 0 of fewer than two.
    package var standardError: Double {
        guard count > 1 else { return 0 }
        let variance = squares / Double(count) - mean * mean
        return variance > 0 ? (variance / Double(count - 1)).squareRoot() : 0
    }
}

/// A figure and its standard error.
package struct Estimate: Sendable, Equatable {
    package let value: Double
    package let standardError: Double

    package init(_ value: Double, _ standardError: Double) {
        self.value = value
        self.standardError = standardError
    }

    init(_ mean: RunningMean) { self.init(mean.mean, mean.standardError) }

    /// A share of `count` trials.
    init(share hits: Int, of count: Int) {
        let p = count > 0 ? Double(hits) / Double(count) : 0
        self.init(p, count > 1 ? (p * (1 - p) / Double(count - 1)).squareRoot() : 0)
    }

    /// exp of the figure, by the first order of its error.
    var exponential: Estimate {
        let value = Double.exp(value)
        return Estimate(value, value * standardError)
    }
}
