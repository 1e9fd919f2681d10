import BatchRunner
import Foundation
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct OutputTests {
    let scratch: Scratch
    let input: BatchInput

    init() throws {
        scratch = try Scratch()
        input = try scratch.input((1...10).map { request("id \($0)") })
    }

    private func expectError(
        _ error: @autoclosure () -> BatchError, options: String = "o", input: BatchInput? = nil, shard: Shard = .whole
    ) async {
        await #expect(throws: error()) { try await scratch.run(input ?? self.input, options: options, shard: shard) }
    }

    @Test func aTornEndIsCutOffWhereverItIs() async throws {
        try await scratch.run(input, concurrency: 1)
        let whole = try scratch.text("out.jsonl")
        for length in stride(from: 0, through: whole.utf8.count, by: 11) {
            try scratch.write("out.jsonl", whole.utf8.prefix(length))
            try await scratch.run(input, concurrency: 1)
            #expect(try scratch.text("out.jsonl") == whole, "cut at \(length)")
        }
        // what a machine that lost its power may leave
        for end in ["\0\0\0", "\0\0\0\n", #"{"id":"batch_req_3","cus\#n"#] {
            try scratch.write("out.jsonl", whole.utf8.prefix(400) + Array(end.utf8))
            try await scratch.run(input, concurrency: 1)
            #expect(try scratch.text("out.jsonl") == whole)
        }
    }

    @Test func foreignLinesAreRefused() async throws {
        try await scratch.run(input)
        let lines = try scratch.lines("out.jsonl")
        let path = scratch.path("out.jsonl")
        func refused(_ lines: [String], _ number: Int, _ reason: String) async throws {
            let text = lines.joined(separator: "\n") + "\n"
            try scratch.write("out.jsonl", text.utf8)
            await expectError(.foreignLine(path: path, line: number, reason: reason))
            #expect(try scratch.text("out.jsonl") == text)
        }
        try await refused(lines + ["hello"], 11, "it is not a JSON object")
        try await refused(lines + ["{}"], 11, "it lacks id, custom_id, response or error")
        try await refused([lines[0], #"{"id":"batch_req_2"#, lines[1]], 2, "it is cut off")
        try await refused([lines[0], lines[0]], 2, "id 1 has a result already")
        let other = lines[0].replacing("id 1", with: "id X")
        try await refused([other], 1, "line 1 of the input has another custom_id than id X")
        try await refused([lines[0].replacing("req_1", with: "req_77")], 1, "the input has no line 77")
    }

    @Test func anOutputWithoutStateIsNotTouched() async throws {
        try scratch.write("out.jsonl", "precious".utf8)
        let path = scratch.path("out.jsonl")
        await expectError(.foreignOutput(path: path, state: path + ".state"))
        #expect(try scratch.text("out.jsonl") == "precious")
        #expect(try await scratch.run(input, restarts: true).done == 10)
    }

    @Test func whatChangedIsRefused() async throws {
        try await scratch.run(input)
        let path = scratch.path("out.jsonl")
        await expectError(.changed(what: "the model or an option", output: path), options: "other")
        await expectError(.changed(what: "--shard (it was 0/1)", output: path), shard: try Shard("0/2"))
        let changed = try scratch.input([request("id 1")])
        await expectError(.changed(what: "the input", output: path), input: changed)
        #expect(try await scratch.run(changed, restarts: true).done == 1)
        #expect(try scratch.lines("out.jsonl").count == 1)
    }

    @Test func statesOfOtherProgramsAreRefused() async throws {
        try await scratch.run(input)
        let path = scratch.path("out.jsonl.state")
        let text = try scratch.text("out.jsonl.state")
        for (state, reason) in [
            (text.replacing("\"version\" : 1", with: "\"version\" : 2"), "is of version 2, and this program knows 1"),
            (text.replacing("carat-batch", with: "x"), "is no state of a batch"), ("", "is no state of a batch"),
            (text.replacing("created", with: "x"), "is damaged"),
        ] {
            try scratch.write("out.jsonl.state", state.utf8)
            await expectError(.state(path: path, reason: reason))
        }
    }

    @Test func aResumedBatchKeepsItsTime() async throws {
        try await scratch.run(input)
        let state = try scratch.text("out.jsonl.state")
        try scratch.write("out.jsonl.state", state.replacing(/"created" : \d+/, with: "\"created\" : 1234").utf8)
        try scratch.write("out.jsonl", [])
        try await scratch.run(input)
        #expect(try scratch.lines("out.jsonl").allSatisfy { $0.contains("\"created\":1234,") })
    }

    @Test func twoRunnersAreRefused() async throws {
        let first = try BatchOutput(scratch.path("out.jsonl"))
        await expectError(.locked(path: scratch.path("out.jsonl")))
        #expect(throws: BatchError.locked(path: scratch.path("out.jsonl"))) {
            try BatchOutput(scratch.path("other.jsonl"), errorFile: scratch.path("out.jsonl"))
        }
        withExtendedLifetime(first) {}
    }

    @Test func pathsThatCannotBeAreRefused() throws {
        let output = try BatchOutput(scratch.path("out.jsonl"), errorFile: scratch.path("errors.jsonl"))
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("link"), withDestinationPath: scratch.path("out.jsonl"))
        for name in ["out.jsonl", "link", "./errors.jsonl", "out.jsonl.state"] {
            #expect(throws: BatchError.self, "\(name)") {
                try output.require(scratch.path(name), isNotWrittenAs: "--metrics-file")
            }
        }
        try output.require(InputFile(scratch.path("in.jsonl")), isNotWrittenAs: "the input")
        #expect(throws: BatchError.samePath(scratch.path("link"), roles: ["the input", "the output"])) {
            try output.require(InputFile(scratch.path("link")), isNotWrittenAs: "the input")
        }
        #expect(throws: BatchError.samePath(scratch.path("new"), roles: ["the output", "--error-file"])) {
            try BatchOutput(scratch.path("new"), errorFile: scratch.path("new"))
        }
        #expect(throws: BatchError.notAFile(path: "/dev/full", role: "the output")) { try BatchOutput("/dev/full") }
        #expect(throws: BatchError.cannotWrite(path: "/nowhere/out", reason: .noSuchFileOrDirectory)) {
            try BatchOutput("/nowhere/out")
        }
        #expect(throws: BatchError.cannotWrite(path: scratch.folder, reason: .isDirectory)) {
            try BatchOutput(scratch.folder)
        }
    }

    /// The system's own refusal: a limit on the size of files, in a process of its own.
    @Test func aFullDiskStopsAndResumes() async throws {
        await #expect(processExitsWith: .exitCode(3)) {
            ignoreFileSizeSignal()
            let scratch = try Scratch()
            let input = try scratch.input((1...200).map { request("id \($0)") })
            try await scratch.run(input, to: "whole.jsonl")
            var limit = rlimit(rlim_cur: 1000, rlim_max: rlim_t.max)
            var failures = 0
            while true {
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                do {
                    try await scratch.run(input)
                    break
                } catch BatchError.cannotWrite(_, reason: .fileTooLarge) {
                    guard try scratch.text("out.jsonl").hasSuffix("}\n") else { exit(1) }
                    failures += 1
                    limit.rlim_cur += 3000
                }
            }
            let lines = try scratch.lines("out.jsonl")
            exit(failures > 3 && lines.count == 200 && Set(lines).count == 200 ? 3 : 1)
        }
    }
}
