import AllocationMeter
import Benchmark
import Engine
import GGUF
import Gemma

/// Forward calls of the model inside the program: a prefill of 512 tokens, and one decode step with its logits.
///
/// Tokens per second are the tokens of a call over the wall time shown. Names have no spaces, as they are names of files
/// in Thresholds/ too.
let benchmarks: @Sendable () -> Void = {
    let configuration = Benchmark.Configuration(
        metrics: [.wallClock, .throughput, AllocationMeter.metric], warmupIterations: 3, scalingFactor: .one,
        maxDuration: .seconds(2), maxIterations: 500)

    for threads in [1, 2] {
        // a step takes memory only where it begins a block of the KV cache, at each 256th position: not at this one
        for (name, prompt, step) in [("prefill-512", 0, 512), ("decode-step-at-300", 300, 1)] {
            nonisolated(unsafe) var workload: GenerationWorkload?
            Benchmark("\(name)-threads-\(threads)", configuration: configuration) { benchmark in
                guard let workload else { return }
                workload.rewind()
                try AllocationMeter.measure(benchmark) { try workload.run() }
            } setup: {
                workload = try GenerationWorkload(threads: threads, prompt: prompt, step: step)
            } teardown: {
                workload = nil
            }
        }
    }
}
