import AllocationMeter
import Benchmark
import Compute
import GGUF

/// One projection of Gemma 2B's width, 4096 x 2048, on both paths, over formats and numbers of positions n.
///
/// Multiply-accumulates per second are 4096 * 2048 * n over the wall time shown.
let benchmarks: @Sendable () -> Void = {
    for type in [TensorType.Q4_K, .Q2_K, .Q6_K, .F16] {
        for path in MatmulPath.allCases {
            for n in [1, 8, 64, 512] {
                // made in setup, so that a filtered run makes only what it measures
                nonisolated(unsafe) var workload: Workload?
                Benchmark(
                    "\(type.name) \(path.rawValue) n=\(n)",
                    configuration: .init(
                        metrics: [.wallClock, .throughput, AllocationMeter.metric], warmupIterations: 2,
                        maxDuration: .seconds(1),
                        maxIterations: 1000)
                ) { benchmark in
                    AllocationMeter.measure(benchmark) { workload?.run() }
                } setup: {
                    workload = try Workload(type, rows: 4096, columns: 2048, positions: n, path: path)
                } teardown: {
                    workload = nil
                }
            }
        }
    }
}
