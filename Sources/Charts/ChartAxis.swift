#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// An axis with a domain that ends on round values, and ticks far enough apart for their labels.
package struct ChartAxis {
    /// What is shown, with its unit.
    package let title: String
    package let ticks: [Double]
    private let low: Double
    private let high: Double
    private let isLogarithmic: Bool

    /// From 0 to at least `maximum`, in steps of 1, 2 or 5 times a power of ten.
    package static func linear(_ title: String, upTo maximum: Double) -> ChartAxis {
        let maximum = maximum.isFinite && maximum > 0 ? maximum : 1
        let power = pow(10, (log10(maximum / 5)).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 * 6 >= maximum } ?? 10 * power
        let count = (maximum / step).rounded(.up)
        let ticks = stride(from: 0, through: count, by: 1).map { $0 * step }
        return ChartAxis(title: title, ticks: ticks, low: 0, high: count * step, isLogarithmic: false)
    }

    /// Powers of `base` around the values, all above 0; not every one gets a tick where they are many.
    package static func logarithmic(_ title: String, _ values: [Double], base: Double) -> ChartAxis {
        let values = values.filter { $0 > 0 && $0.isFinite }
        let least = floor(log(values.min() ?? 1) / log(base) + 1e-9)
        let most = max(least + 1, ceil(log(values.max() ?? base) / log(base) - 1e-9))
        let step = max(1, ((most - least) / 9).rounded(.up))
        let ticks = stride(from: least, through: most, by: step).map { pow(base, $0) }
        return ChartAxis(
            title: title, ticks: ticks, low: pow(base, least), high: pow(base, most), isLogarithmic: true)
    }

    /// 0 at the lower end, 1 at the upper; values outside are drawn at the end.
    package func position(_ value: Double) -> Double {
        let part =
            isLogarithmic
            ? log(max(value, low) / low) / log(high / low) : (value - low) / (high - low)
        return min(1, max(0, part.isFinite ? part : 0))
    }

    package func label(_ tick: Double) -> String {
        if tick > 0, tick < 0.01, isLogarithmic { return "1e\(Int(log10(tick).rounded()))" }
        // as many digits as the tick has, within reason
        let digits = (0...3).first { digits in
            let scaled = tick * pow(10, Double(digits))
            return abs(scaled - scaled.rounded()) < 1e-6
        }
        return tick.decimals(digits ?? 3)
    }
}
