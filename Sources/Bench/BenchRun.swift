#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Tests on models, one after another.
package struct BenchRun {
    package let models: [BenchModel]
    package let tests: [BenchTest]
    package var repetitions = 5
    /// One run of the test before the clock starts, of a single token where it generates.
    package var warmsUp = true
    package var build = "carat"

    /// What a run is at, for a line on the terminal.
    package struct Progress: Sendable {
        /// Tests that are done, and all of them.
        package let done: Int
        package let total: Int
        package let step: String
    }

    /// Throws: `BenchError.contextTooShort` when a test does not fit: nothing is run then.
    package init(models: [BenchModel], tests: [BenchTest]) throws(BenchError) {
        for test in tests {
            let facts = models[test.model].facts
            guard test.positions <= facts.contextLength else {
                throw .contextTooShort(
                    test: test.name, model: facts.filename, needed: test.positions, context: facts.contextLength)
            }
        }
        self.models = models
        self.tests = tests
    }

    /// Runs the tests; each record goes to `emit` as soon as it is there.
    ///
    /// A cancelled run emits the test at hand with the repetitions that it has. Returns whether all tests were run to
    /// their end.
    /// Throws: `EngineError` from the settings or for want of memory, and what `emit` throws.
    package func run(
        machine: MachineState, limits: MachineLimits, isCancelled: @escaping () -> Bool = { false },
        progress: (Progress) -> Void = { _ in }, emit: (BenchRecord) throws -> Void
    ) throws -> Bool {
        var runner: (ModelRunner, BenchTest)?
        var firstTokens: [Int: Double] = [:]
        for (index, test) in tests.enumerated() {
            let model = models[test.model]
            func show(_ step: String) {
                progress(Progress(done: index, total: tests.count, step: "\(test.name): \(step)"))
            }
            do {
                if let last = runner, !last.1.sharesRunner(with: test) { runner = nil }  // its memory goes first
                let start = ContinuousClock.now
                let current =
                    try runner?.0
                    ?? ModelRunner(
                        model.model, test, settings: model.settings, positions: positions(sharedWith: test),
                        isCancelled: isCancelled)
                runner = (current, test)
                if firstTokens[test.model] == nil {
                    show("first token")
                    try current.prefill(min(Self.firstTokenPrompt, test.positions))
                    firstTokens[test.model] = model.loadSeconds + Self.seconds(since: start)
                    try current.fill(to: 0)
                }
                var measurement = Measurement()
                let isDone = try measure(test, current, into: &measurement, show: show)
                if let record = measurement.record(
                    of: test, facts: model.facts, machine: machine, limits: limits, build: build,
                    loadSeconds: model.loadSeconds, firstTokenSeconds: firstTokens[test.model] ?? 0)
                {
                    try emit(record)
                }
                if !isDone { return false }
            } catch is CancellationError {
                return false
            }
        }
        return true
    }

    /// Prompt of the time from the start to a first token.
    private static let firstTokenPrompt = 16

    /// Most positions that any test on the same runner takes.
    private func positions(sharedWith test: BenchTest) -> Int {
        tests.filter { $0.sharesRunner(with: test) }.map(\.positions).max() ?? test.positions
    }

    /// Returns false when it was cancelled in its midst, with the repetitions that were complete.
    private func measure(
        _ test: BenchTest, _ runner: ModelRunner, into measurement: inout Measurement, show: (String) -> Void
    ) throws -> Bool {
        PeakMemory.restart()
        do {
            if test.depth > 0 { show("filling \(test.depth) positions") }
            try runner.fill(to: test.depth)
            if warmsUp {
                show("warm-up")
                if test.prompt > 0 { try runner.prefill(test.prompt) }
                if test.generated > 0 { try runner.generate(1) }
            }
            measurement.load = CoreLoad()
            for repetition in 1...repetitions {
                show("run \(repetition) of \(repetitions)")
                try runner.fill(to: test.depth)
                let start = ContinuousClock.now
                if test.prompt > 0 { try runner.prefill(test.prompt) }
                let promptSeconds = Self.seconds(since: start)
                if test.generated > 0 { try runner.generate(test.generated) }
                measurement.samples.append(max(1, Self.seconds(since: start) * 1e9))
                if test.prompt > 0 { measurement.promptSeconds.append(promptSeconds) }
            }
        } catch is CancellationError {
            return false
        }
        return true
    }

    static func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }

    /// What is known of a test so far.
    private struct Measurement {
        var samples: [Double] = []
        var promptSeconds: [Double] = []
        var load = CoreLoad()

        /// nil before the first repetition is complete.
        func record(
            of test: BenchTest, facts: ModelFacts, machine: MachineState, limits: MachineLimits, build: String,
            loadSeconds: Double, firstTokenSeconds: Double
        ) -> BenchRecord? {
            guard !samples.isEmpty else { return nil }
            return BenchRecord(
                test: test, facts: facts, machine: machine, limits: limits, build: build,
                time: Date.now.formatted(.iso8601), samples: samples, promptSeconds: promptSeconds,
                loadSeconds: loadSeconds, firstTokenSeconds: firstTokenSeconds, peakMemory: PeakMemory.bytes(),
                othersCores: CoreLoad().othersCores(since: load),
                work: TestWork(test, facts))
        }
    }
}
