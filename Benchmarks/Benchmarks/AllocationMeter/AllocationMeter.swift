import AllocationCount
public import Benchmark

/// Counts the allocations of what a benchmark measures.
///
/// Only they are gated by thresholds, as they are the same on every machine: times are reported, never gated.
public enum AllocationMeter {
    public static let metric = BenchmarkMetric.custom("Allocations", polarity: .prefersSmaller, useScalingFactor: false)

    /// Times `body` and counts its allocations, on all threads.
    public static func measure<E: Error>(_ benchmark: Benchmark, _ body: () throws(E) -> Void) throws(E) {
        benchmark.startMeasurement()
        let before = allocation_count()
        try body()
        let after = allocation_count()
        benchmark.stopMeasurement()
        if before >= 0 { benchmark.measurement(metric, after - before) }
    }
}
