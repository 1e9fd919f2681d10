import BatchRunner
import Foundation
import TestSupport
import Testing

@Suite struct InputTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func results(_ input: BatchInput) throws -> [Result<BatchLine, LineFault>] {
        try (0..<input.count).map { try input.read($0, created: 1) }
    }

    @Test func goodLinesComeThroughUnchanged() throws {
        let body = #"{"model":"m","prompt":"a\u0041\n","seed":123456789012345678901234567890,"x":1e400}"#
        let line = #" {"custom_id":"q\"\n","method":"POST","url":"/v1/completions","body":\#(body) } "#
        let read = try #require(try results(scratch.input([line])).first).get()
        #expect(read.customID == "q\"\n" && read.endpoint == .completions && read.number == 1)
        #expect(String(decoding: read.body, as: UTF8.self) == body)
    }

    @Test(arguments: [
        ("[1]", "line-2", "not a JSON object"), (#""x""#, "line-2", "not a JSON object"),
        ("null", "line-2", "not a JSON object"), ("{}", "line-2", "custom_id is missing"),
        (#"{"custom_id":"a","method":"POST","#, "a", "cut off"), ("{\u{0}", "line-2", "not JSON"),
        (#"{"custom_id":7}"#, "line-2", "not a string"), (#"{"custom_id":""}"#, "line-2", "empty"),
        (#"{"custom_id":"\ud800"}"#, "line-2", "not a string"), (#"{"custom_id":"a"} {}"#, "a", "more follows"),
        (#"{"custom_id":"a"}"#, "a", "method is missing"),
        (#"{"custom_id":"a","method":"GET","url":"/v1/completions","body":{}}"#, "a", "method is not"),
        (#"{"custom_id":"a","method":"POST","body":{}}"#, "a", "url is missing"),
        (#"{"custom_id":"a","method":"POST","url":"/v1/files","body":{}}"#, "a", "url is none of"),
        (#"{"custom_id":"a","method":"POST","url":"/v1/completions"}"#, "a", "body is missing"),
        (#"{"custom_id":"a","method":"POST","url":"/v1/completions","body":[]}"#, "a", "body is not an object"),
        (#"{"custom_id":"a","method":"POST","url":"/v1/completions","body":{"stream":true}}"#, "a", "stream"),
        (#"{"custom_id":"a","custom_id":"b"}"#, "a", "stands twice"),
        (#"{"custom_id":"a","x":01}"#, "a", "not JSON"), (#"{"custom_id":"a","x":tru}"#, "a", "not JSON"),
        (#"{"custom_id":"a","x":"\x"}"#, "a", "escape"), (#"{"custom_id":"a",}"#, "a", "key was expected"),
    ])
    func aBadLineFailsAlone(_ line: String, _ name: String, _ reason: String) throws {
        let input = try scratch.input([request("first"), line, request("last")])
        let all = try results(input)
        #expect(all.map(\.customID) == ["first", name, "last"])
        guard case .failure(let fault) = all[1] else {
            Issue.record("\(line) is taken")
            return
        }
        #expect(fault.message.contains(reason), "\(fault.message)")
    }

    @Test func depthIsLimitedBeforeAnythingRecurses() throws {
        func nested(_ depth: Int) -> String {
            let list = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return #"{"custom_id":"d\#(depth)","method":"POST","url":"/v1/completions","body":{"x":\#(list)}}"#
        }
        let all = try results(scratch.input([nested(62), nested(63), nested(100_000)]))
        #expect(all.map { if case .success = $0 { true } else { false } } == [true, false, false])
        #expect(all.map(\.customID) == ["d62", "d63", "d100000"])
    }

    @Test func blanksEndsAndMarksOfFilesAreTaken() throws {
        let text = "\u{FEFF}\(request("a"))\r\n\n  \t\r\n\(request("b"))\n\n\(request("c"))"
        let all = try results(scratch.input(text: text)).map { try $0.get() }
        #expect(all.map(\.customID) == ["a", "b", "c"] && all.map(\.number) == [1, 4, 6])
        #expect(try scratch.input(text: "").count == 0)
        #expect(try scratch.input(text: "\n \n").count == 0)
        let wide = try scratch.write("wide", [0xFF, 0xFE] + Array(repeating: 0, count: 20))
        #expect(throws: BatchError.encoding(path: wide)) { try BatchInput(lines: InputFile(wide)) }
    }

    @Test func whatIsNotUTF8OrTooLongFailsAlone() throws {
        var bytes = Array(request("a").utf8) + [0x0A]
        bytes += Array(#"{"custom_id":"bad","method":""#.utf8) + [0xFF, 0x22, 0x7D, 0x0A]
        bytes += Array(request("long", prompt: String(repeating: "x", count: 3 << 20)).utf8) + [0x0A]
        bytes += Array(request(String(repeating: "i", count: 10_000)).utf8) + [0x0A] + Array(request("b").utf8)
        let input = try BatchInput(lines: InputFile(scratch.write("in", bytes)), lineLimit: 1 << 20)
        let all = try results(input)
        #expect(all.map(\.customID) == ["a", "bad", "long", "line-4", "b"])
        #expect(input.index.entries.map(\.kind) == [.good, .bad, .oversized, .bad, .good])
    }

    @Test func theLaterOfTwoLinesWithOneNameFails() throws {
        let all = try results(scratch.input([request("a"), request("b"), request("a"), request("a")]))
        #expect(all.map(\.customID) == ["a", "b", "line-3", "line-4"])
        guard case .failure(let fault) = all[2] else { return #expect(Bool(false)) }
        #expect(fault.message.contains("custom_id of an earlier line: a"))
    }

    /// Chunk borders at every place of a line.
    @Test func linesAreCutAlikeWhereverChunksEnd() {
        let text = Array("ab\r\n\ncdefgh\n  \nij".utf8)
        for size in 1...text.count {
            var splitter = LineSplitter(limit: 4)
            var found: [LineSplitter.Line] = []
            for start in stride(from: 0, to: text.count, by: size) {
                var chunk = text[start..<min(start + size, text.count)]
                while let line = splitter.next(&chunk) { found.append(line) }
            }
            if let line = splitter.last() { found.append(line) }
            #expect(found.map(\.number) == [1, 3, 5] && found.map(\.offset) == [0, 5, 15], "chunks of \(size)")
            #expect(found.map(\.length) == [2, 6, 2] && found.map(\.isCut) == [false, true, false])
        }
    }

    @Test func aPipeIsKeptNextToTheOutput() throws {
        let spool = scratch.path("out.input")
        func spooled(_ text: String, restarts: Bool = false) throws -> BatchInput {
            let pipe = scratch.path("pipe-\(UUID().uuidString)")
            #expect(mkfifo(pipe, 0o600) == 0)
            let writer = Thread { try? Data(text.utf8).write(to: URL(filePath: pipe), options: []) }
            writer.start()
            let file = try InputFile(pipe)
            #expect(file.isPassing)
            return try BatchInput(lines: file.spooled(to: spool, restarts: restarts, output: "out"))
        }
        let first = try spooled(request("a"))
        #expect(try first.count == 1 && spooled(request("a")).fingerprint == first.fingerprint)
        #expect(throws: BatchError.spoolDiffers(spool: spool, output: "out")) { try spooled(request("b")) }
        #expect(try scratch.text("out.input") == request("a"))
        #expect(try spooled(request("b"), restarts: true).fingerprint != first.fingerprint)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.folder).filter { $0.contains(".part") } == [])
    }

    @Test func aMillionLinesNeedLittleMemory() throws {
        #expect(BatchInput.bytesPerLine <= 64)
        let count = 100_000
        let text = (0..<count).map { request("id-\($0)", prompt: "document \($0)") + "\n" }.joined()
        let file = try InputFile(scratch.write("many", text.utf8))
        // other tests of this process take memory too: the least of three, none of them freed before the last
        var kept: [(BatchInput, [UInt32])] = []
        let used = try (0..<3).map { _ in
            let before = try residentBytes()
            let input = try BatchInput(lines: file)
            let order = PrefixOrder.sorted(input.index.entries) { _ in true }
            #expect(input.count == count && order.count == count)
            kept.append((input, order))
            return try residentBytes() - before
        }
        // 3 MiB are chunks and one line, whatever the count
        #expect(used.contains { $0 < 3 << 20 + count * 160 }, "\(used) bytes")
        #expect(kept.count == used.count)
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(pages[1]) ?? 0) * Int(getpagesize())
    }
}
