import AllocationMeter
import Benchmark
import CKernels

/// The kernels that decoding spends its time in, alone on one thread, on data that fits the L2 cache.
///
/// Names have no spaces, as they are names of files in Thresholds/ too.
let benchmarks: @Sendable () -> Void = {
    let configuration = Benchmark.Configuration(
        metrics: [.wallClock, .throughput, AllocationMeter.metric], warmupIterations: 10, scalingFactor: .one,
        maxDuration: .milliseconds(300), maxIterations: 10_000)
    nonisolated(unsafe) let table = carat_kernels_avx2() ?? carat_kernels_portable()

    for format in Format.all {
        // made in setup, so that a filtered run makes only what it measures
        nonisolated(unsafe) var rows: WeightRows?
        Benchmark("dot-\(format.name)-64x2048", configuration: configuration) { benchmark in
            guard let rows else { return }
            AllocationMeter.measure(benchmark) { rows.dot(table) }
        } setup: {
            rows = WeightRows(format, count: 64, columns: 2048)
        } teardown: {
            rows = nil
        }
    }

    let activations = (0..<16_384).map { Float($0 % 251) / 125 - 1 }
    nonisolated(unsafe) let output = UnsafeMutablePointer<Float>.allocate(capacity: activations.count)
    // int8x256 takes the most room
    nonisolated(unsafe) let blocks = UnsafeMutableRawPointer.allocate(
        byteCount: activations.count / 256 * MemoryLayout<carat_act256>.stride, alignment: 64)

    Benchmark("quantize-int8x256-16384", configuration: configuration) { benchmark in
        AllocationMeter.measure(benchmark) {
            table.pointee.quantize256(activations, activations.count, blocks.assumingMemoryBound(to: carat_act256.self))
        }
    }
    Benchmark("quantize-int8x32-16384", configuration: configuration) { benchmark in
        AllocationMeter.measure(benchmark) {
            table.pointee.quantize32(activations, activations.count, blocks.assumingMemoryBound(to: carat_act32.self))
        }
    }
    Benchmark("RMSNorm-2048", configuration: configuration) { benchmark in
        AllocationMeter.measure(benchmark) { table.pointee.rms_norm(activations, activations, 1e-6, 2048, output) }
    }
}
