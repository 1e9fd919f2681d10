import BatchRunner
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite struct JobTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func mixed(_ count: Int) -> [String] {
        (1...count).map { $0 % 7 == 3 ? "{\"custom_id\":\"bad \($0)\"}" : request("id \($0)") }
    }

    @Test func resultsHaveOpenAIsShape() async throws {
        let input = try scratch.input([request("a"), #"{"custom_id":"b"}"#, request("c", prompt: "Hi")])
        let answerer = FakeAnswerer({ line in
            line.customID == "c"
                ? .failure(code: "batch_expired", message: "too \"late\"")
                : .response(.init(body: Data("{ \"x\" :\n 1}".utf8)))
        })
        let progress = try await scratch.run(input, answerer: answerer, concurrency: 1)
        #expect(
            try scratch.text("out.jsonl") == """
                {"id":"batch_req_1","custom_id":"a","response":{"status_code":200,"request_id":"req_1","body":{"x":1}},"error":null}
                {"id":"batch_req_2","custom_id":"b","response":{"status_code":400,"request_id":"req_2","body":{"error":{"message":"Line 2 is no request: method is missing.","type":"invalid_request_error","param":null,"code":null}}},"error":null}
                {"id":"batch_req_3","custom_id":"c","response":null,"error":{"code":"batch_expired","message":"too \\"late\\""}}

                """)
        #expect(progress.done == 3 && progress.failed == 2 && progress.total == 3 && !progress.isCancelled)
    }

    @Test func failuresGoToTheirOwnFile() async throws {
        let input = try scratch.input(mixed(20))
        try await scratch.run(input, errors: "errors.jsonl")
        #expect(try scratch.lines("out.jsonl").count == 17 && scratch.lines("errors.jsonl").count == 3)
        let again = try await scratch.run(input, errors: "errors.jsonl")
        #expect(again.resumed == 20 && again.failed == 3)
    }

    @Test func anAnswerThatIsNoObjectIsAFailure() async throws {
        let input = try scratch.input([request("a"), request("b")])
        let progress = try await scratch.run(
            input, answerer: FakeAnswerer({ _ in .response(.init(body: Data("[1]\n{".utf8))) }))
        #expect(try progress.failed == 2 && scratch.lines("out.jsonl").count == 2)
    }

    @Test func asManyRunAtOnceAsAskedFor() async throws {
        let input = try scratch.input((0..<30).map { request("\($0)") })
        let answerer = FakeAnswerer(delay: { _ in .milliseconds(20) })
        let progress = try await scratch.run(input, answerer: answerer, concurrency: 3)
        #expect(answerer.seen.peak == 3 && progress.promptTokens == 300 && progress.cachedTokens == 120)
    }

    /// Ended at every result, each run by another error, and always the same lines in the end.
    @Test func aBatchThatFailsAgainAndAgainEndsEqual() async throws {
        let input = try scratch.input(mixed(40))
        try await scratch.run(input, to: "whole.jsonl")
        var runs = 0
        while true {
            runs += 1
            let kept = runs * 13 % 90
            do {
                try await scratch.run(
                    input, answerer: FakeAnswerer(delay: { .milliseconds($0 % 3) }),
                    writer: { call, count in call > 3 ? Errors(kept: min(kept, count - 1)) : nil })
                break
            } catch let error as BatchError {
                #expect(error == .cannotWrite(path: scratch.path("out.jsonl"), reason: .noSpace))
                #expect(try scratch.text("out.jsonl").hasSuffix("}\n"))
            }
        }
        func lines(_ name: String) throws -> [String] {
            try scratch.lines(name).map { $0.replacing(/"created":\d+/, with: "") }.sorted()
        }
        #expect(try runs == 14 && lines("out.jsonl") == lines("whole.jsonl"))
        #expect(Set(try scratch.text("out.jsonl").matches(of: /"created":\d+/).map { String($0.output) }).count == 1)
    }

    @Test func cancellingKeepsWhatIsComplete() async throws {
        let input = try scratch.input((1...40).map { request("\($0)") })
        let scratch = scratch
        let task = Task {
            try await scratch.run(input, answerer: FakeAnswerer(delay: { .milliseconds($0 > 20 ? 100_000 : 1) }))
        }
        while (try? scratch.lines("out.jsonl"))?.count ?? 0 < 20 { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        let progress = try await task.value
        #expect(progress.isCancelled && progress.done == 20)
        let rest = FakeAnswerer()
        #expect(try await scratch.run(input, answerer: rest).done == 40)
        #expect(try rest.seen.all.count == 20 && Set(scratch.lines("out.jsonl")).count == 40)
    }

    @Test func shardsTogetherAreTheWhole() async throws {
        let input = try scratch.input(mixed(60) + [request("id 1")])
        let answerer = FakeAnswerer({ .response(BatchResponse(body: Data(#"{"n":\#($0.number)}"#.utf8))) })
        try await scratch.run(input, to: "whole", answerer: answerer)
        var parts: [String] = []
        for index in 0..<3 {
            try await scratch.run(input, to: "part\(index)", answerer: answerer, shard: try Shard("\(index)/3"))
            parts += try scratch.lines("part\(index)")
        }
        #expect(try parts.sorted() == scratch.lines("whole").sorted() && parts.count == 61)
    }

    @Test func windowsAreWrittenTogether() async throws {
        let input = try scratch.input([request("a"), request("b")])
        let answerer = FakeAnswerer({ line in
            .windows((1...3).map { BatchResponse(body: Data(#"{"window":\#($0)}"#.utf8)) })
        })
        try await scratch.run(input, answerer: answerer, concurrency: 1)
        let whole = try scratch.text("out.jsonl")
        #expect(
            whole.hasPrefix(
                #"{"id":"batch_req_1_1","custom_id":"a#1","response":{"status_code":200,"request_id":"req_1_1","body":{"window":1}},"error":null,"windows":3}"#
            ))
        #expect(try scratch.lines("out.jsonl").count == 6)
        // wherever the file is cut, the line whose windows are not all there is done again, and only that one
        for length in stride(from: 0, through: whole.utf8.count, by: 17) {
            try scratch.write("out.jsonl", whole.utf8.prefix(length))
            try await scratch.run(input, answerer: answerer, concurrency: 1)
            #expect(try scratch.text("out.jsonl") == whole)
        }
    }

    @Test func linesWithOneBeginningAreAnsweredTogether() async throws {
        let prompts = (0..<20).map { String(repeating: $0 % 2 == 0 ? "a" : "b", count: 300) + "\($0)" }
        let input = try scratch.input(prompts.enumerated().map { request("\($0)", prompt: $1) })
        let answerer = FakeAnswerer()
        try await scratch.run(input, answerer: answerer, concurrency: 1)
        #expect(
            answerer.seen.all.compactMap { Int($0) } == Array(stride(from: 0, to: 20, by: 2))
                + Array(stride(from: 1, to: 20, by: 2)))
    }

    @Test func anInputThatChangesMeanwhileEndsTheRun() async throws {
        let input = try scratch.input([request("a"), request("b")])
        try scratch.write("other", (request("c") + "\n" + request("d") + "\n").utf8)
        let file = try FileHandle(forWritingTo: URL(filePath: scratch.path("in.jsonl")))
        try file.write(contentsOf: Data(contentsOf: URL(filePath: scratch.path("other"))))
        await #expect(throws: BatchError.inputChangedMeanwhile(path: scratch.path("in.jsonl"))) {
            try await scratch.run(input)
        }
    }

    @Test func metricsAreForPrometheus() throws {
        var progress = BatchProgress()
        (progress.total, progress.done, progress.promptTokens, progress.seconds) = (10, 4, 100, 2)
        try MetricsFile(scratch.path("m.prom")).write(progress, shard: Shard("1/3"))
        let text = try scratch.text("m.prom")
        #expect(text.contains("# TYPE carat_batch_lines gauge\ncarat_batch_lines{shard=\"1/3\"} 10.0\n"))
        #expect(text.contains("carat_batch_tokens_per_second{shard=\"1/3\"} 50.0\n"))
    }
}
