import Bench
import Testing

@Suite struct BenchRunTests {
    @Test func aRecordSaysWhatTheTestTook() throws {
        let record = try #require(SampleRun.records().last)
        #expect(record.samples.count == 3 && record.promptSeconds.isEmpty)
        #expect(record.bandwidth > 0 && record.multiplyAddsPerCycle > 0)
        #expect(try #require(record.peakMemory) > 4 << 20)
        #expect(record.firstTokenSeconds > record.loadSeconds && record.loadSeconds > 0)
        let perToken = record.fields.first { $0.name == "bytes_per_token" }?.value
        #expect(perToken == .integer(Int(record.work.bytes / 6)))
    }

    @Test func aPromptHasATimeToItsFirstToken() throws {
        let record = try #require(SampleRun.records().first)
        for (total, first) in zip(record.samples, record.promptSeconds) { #expect(first * 1e9 <= total) }
        #expect(record.promptSeconds.count == 3)
    }

    /// The test at hand is given with the repetitions that are complete, the ones after it not at all.
    @Test func aCancelledRunGivesWhatIsDone() throws {
        let model = try BenchModel(path: nil)
        var run = try BenchRun(
            models: [model], tests: [BenchTest(prompt: 0, generated: 1), BenchTest(prompt: 4, generated: 0)])
        run.repetitions = 100_000
        var isCancelled = false
        var steps = 0
        var records: [BenchRecord] = []
        let flag = Flag()
        let isComplete = try run.run(
            machine: .current(), limits: SampleRun.limits, isCancelled: { flag.isSet },
            progress: { _ in
                steps += 1
                if steps == 8 { (isCancelled, flag.isSet) = (true, true) }
            }, emit: { records.append($0) })
        #expect(!isComplete && isCancelled)
        #expect(records.map(\.test.name) == ["tg1"])
        #expect(records.allSatisfy { (1...8).contains($0.samples.count) })
    }

    private final class Flag { var isSet = false }
}
