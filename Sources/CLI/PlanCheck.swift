import Compute
import Engine
import GGUF
import Gemma
import Planner
import Tokenizer

/// Runs what a plan predicts.
///
/// Weights are run by themselves, one after another through the model, so that small numbers of positions read them from
/// memory as a forward pass does. Each time is the least of several: what the machine can do when it is left alone.
struct PlanCheck {
    private let plan: Plan
    private let model: GemmaModel
    private let settings: EngineSettings
    private let executor: Executor
    private let clock = ContinuousClock()

    /// Up to this many positions, time depends on whether the weights come from memory or from a cache.
    private static let coldPositions = 16

    init(_ plan: Plan, model: GemmaModel, settings: EngineSettings) {
        self.plan = plan
        self.model = model
        self.settings = settings
        executor = Executor(threads: max(settings.threads, settings.prefillThreads), kernels: settings.kernels)
    }

    func run(into report: inout PlanReport) throws {
        if plan.usesBLAS(upTo: .max) { try BLASLibrary.requireMemory(threads: executor.team.size) }
        let weights = model.weights.projections
        for n in Set(report.weights.flatMap { $0.choices.map(\.n) }).sorted() {
            let matrices = Matrices(positions: n)
            let isCold = n <= Self.coldPositions
            let flush = isCold && report.whole_model.may_stay_in_caches ? CacheFlush() : nil
            let groups = report.groups.indices.filter { index in report.weights[index].choices.contains { $0.n == n } }
            let samples = groups.flatMap { group in
                report.groups[group].indices.prefix(isCold ? .max : 2).map { (group: group, index: $0) }
            }.sorted { $0.index < $1.index }
            var best = [Double](repeating: .infinity, count: samples.count)
            for _ in 0..<(isCold ? 6 : 3) {
                for (place, sample) in samples.enumerated() {
                    if let flush {
                        flush.run(on: executor)
                        warmUp(weights[sample.index], sample.index, positions: n, matrices)
                    }
                    best[place] = min(best[place], seconds(weights[sample.index], sample.index, positions: n, matrices))
                }
            }
            for group in groups {
                let times = zip(samples, best).filter { $0.0.group == group }.map(\.1)
                guard let row = report.weights[group].choices.firstIndex(where: { $0.n == n }) else { continue }
                let mean = times.reduce(0, +) / Double(times.count)
                report.weights[group].choices[row].measured_seconds = mean
                report.weights[group].choices[row].ratio =
                    mean / report.weights[group].choices[row].predicted_seconds
            }
        }
        try runModel(into: &report)
    }

    private func seconds(_ weight: Weight, _ index: Int, positions n: Int, _ matrices: Matrices) -> Double {
        let planned = plan.weights[index]
        let choice = plan.choice(layer: planned.layer, planned.weightClass, positions: n)
        let projection = Projection(
            weight, to: matrices.output(weight.rows), path: choice.path, threads: choice.threads)
        let input = matrices.input(weight.columns)
        executor.threads = n == 1 ? settings.threads : settings.prefillThreads
        return time(threads: min(choice.threads, executor.threads)) { executor.project(input, rows: n, projection) }
    }

    /// Brings back what a flush drove out besides the weight: the kernels' code, the input and its int8 form, and where
    /// the output goes.
    private func warmUp(_ weight: Weight, _ index: Int, positions n: Int, _ matrices: Matrices) {
        let zeros = [Float](repeating: 0, count: weight.rows)
        for row in 0..<n { matrices.output(weight.rows)[row: row] = zeros }
        let rows = 16
        let few = Weight(
            name: "warm-up", weight.format, rows: rows, columns: weight.columns,
            in: FileBytes(repeating: 0x11, count: rows * weight.bytesPerRow))
        _ = seconds(few, index, positions: n, matrices)
    }

    /// Reads enough memory to drive everything else out of the caches.
    private struct CacheFlush {
        private let weight = Weight(
            name: "flush", .F32, rows: 8192, columns: 2048, in: FileBytes(repeating: 0x11, count: 64 << 20))
        private let input = Matrix(rows: 1, columns: 2048)
        private let output = Matrix(rows: 1, columns: 8192)

        func run(on executor: Executor) {
            executor.project(input, rows: 1, [Projection(weight, to: output, path: .quant)])
        }
    }

    /// Inputs and outputs of `n` positions, one of each width: made once, as in a forward pass.
    private final class Matrices {
        private let n: Int
        private var inputs: [Int: Matrix] = [:]
        private var outputs: [Int: Matrix] = [:]

        init(positions n: Int) { self.n = n }

        func input(_ columns: Int) -> Matrix {
            if let known = inputs[columns] { return known }
            let matrix = Matrix(rows: n, columns: columns)
            let wave = (0..<columns).map { Float($0 % 37 - 18) / 9 }
            for row in 0..<n { matrix[row: row] = wave }
            inputs[columns] = matrix
            return matrix
        }

        func output(_ columns: Int) -> Matrix {
            if let known = outputs[columns] { return known }
            let matrix = Matrix(rows: n, columns: columns)
            outputs[columns] = matrix
            return matrix
        }
    }

    /// Seconds; of one thread its CPU time, which other processes do not add to.
    private func time(threads: Int, _ body: () throws -> Void) rethrows -> Double {
        let (wall, cpu) = (clock.now, ThreadTime.now)
        try body()
        return threads == 1 ? ThreadTime.now - cpu : (clock.now - wall) / .seconds(1)
    }

    private func runModel(into report: inout PlanReport) throws {
        let count = min(512, model.config.contextLength)
        let gemma = Gemma(model, plan: plan, executor: executor, ubatch: min(settings.ubatch, count))
        let cache = gemma.makeCache(
            capacity: count, keys: settings.cacheElement, values: settings.valueElement ?? settings.cacheElement)
        let vocabulary = Int32(model.tokenizer.vocabulary.count)
        let tokens = (0..<Int32(count)).map { $0 * 7919 % vocabulary }
        func least(of times: Int, _ body: () throws -> Void) rethrows -> Double {
            try (0..<times).reduce(.infinity) { best, _ in min(best, try time(threads: executor.threads, body)) }
        }
        executor.threads = settings.prefillThreads
        let prefill = try least(of: 2) {
            cache.truncate(to: 0)
            for start in stride(from: 0, to: count, by: gemma.ubatch) {
                try gemma.forward(Array(tokens[start..<min(start + gemma.ubatch, count)]), cache: cache)
            }
            _ = gemma.logits(rows: 0..<1)
        }
        executor.threads = settings.threads
        cache.truncate(to: min(64, count - 1))
        let decode = try least(of: 24) {
            cache.truncate(to: min(64, count - 1))
            try gemma.forward([tokens[0]], cache: cache)
            _ = gemma.logits(rows: 0..<1)
        }
        report.whole_model.measured_pp512 = Double(count) / prefill
        report.whole_model.measured_tg128 = 1 / decode
    }
}
