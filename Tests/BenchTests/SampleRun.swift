import Bench
import Compute
import Testing

/// A short run on the embedded model, under a name that tries to break out of every format.
enum SampleRun {
    static let hostileName = "a\"b</script><img src=x onerror=alert(1)>&'|,\n.gguf"

    static let limits = MachineLimits(
        clock: 3e9, readBandwidth: [1: 15e9, 2: 25e9], sgemmRate: [1: 45e9, 2: 90e9], floatRate: 48e9, int8Rate: 150e9,
        cores: 2)

    static func records() throws -> [BenchRecord] {
        var model = try BenchModel(path: nil)
        model.facts.filename = hostileName
        var generation = BenchTest(prompt: 0, generated: 3)
        (generation.sequences, generation.depth) = (2, 0)
        var run = try BenchRun(models: [model], tests: [BenchTest(prompt: 8, generated: 0), generation])
        (run.repetitions, run.build) = (3, "test")
        var records: [BenchRecord] = []
        let isComplete = try run.run(machine: .current(), limits: limits) { records.append($0) }
        #expect(isComplete)
        return records
    }

    static func kernels() -> [KernelRecord] {
        var bench = KernelBench(formats: [.Q4_K], kernels: [.best], positions: [1, 64], limits: limits)
        bench.threads = 1
        return bench.run(emit: { _ in })
    }
}
