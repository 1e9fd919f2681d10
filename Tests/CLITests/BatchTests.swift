import Foundation
import Testing

@Suite struct BatchTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "carat-batch-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path() }

    private func completion(_ id: String, _ body: [String: Any]) throws -> String {
        try line(id, "/v1/completions", body)
    }

    private func line(_ id: String, _ url: String, _ body: [String: Any]) throws -> String {
        let object: [String: Any] = ["custom_id": id, "method": "POST", "url": url, "body": body]
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }

    private func write(_ lines: [String], to name: String) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: folder.appending(path: name))
    }

    /// Results by custom_id, without the time of the batch; a name that comes twice is a failure.
    private func results(_ name: String) throws -> [String: String] {
        var all: [String: String] = [:]
        for line in try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n") {
            let text = line.replacing(/"created":[0-9]+/, with: "\"created\":0")
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let id = try #require(object["custom_id"] as? String)
            #expect(all.updateValue(String(text), forKey: id) == nil, "\(id) twice")
        }
        return all
    }

    private func body(_ result: String?) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(try #require(result).utf8)) as? [String: Any]
        let response = try #require(object?["response"] as? [String: Any])
        return try #require(response["body"] as? [String: Any])
    }

    private static let sentence = "It was the best of times, it was the worst of times, it was the age of wisdom. "

    private func mixed(_ count: Int) throws -> [String] {
        let start = String(repeating: Self.sentence, count: 12)
        var lines = try (0..<count).map { index in
            try completion(
                "r\(index)",
                [
                    "prompt": start + "Chapter \(index)", "max_tokens": 12, "temperature": 0.8,
                    "n": index % 4 == 0 ? 2 : 1,
                    "logprobs": 1,
                ])
        }
        lines.append(try completion("bad", ["prompt": "a", "temperature": 9]))
        lines.append(try completion("long", ["prompt": String(repeating: Self.sentence, count: 200), "max_tokens": 5]))
        lines.append(try line("chat", "/v1/chat/completions", ["messages": [["role": "user", "content": "Hi"]]]))
        lines.append(try line("vectors", "/v1/embeddings", ["input": ["one", "two"]]))
        lines.append(try line("score", "/v1/score", ["prompt": "She had", "answers": [" been", " xylophone"]]))
        lines.append("no json")
        return lines
    }

    @Test func everyLineHasItsResult() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(try mixed(6), to: "in")
        let run = try CaratProcess(["batch", path("in"), "-o", path("out")])
        #expect(run.code == 0 && run.errors.contains("12/12 lines, 4 failed"), "\(run.errors)")
        let results = try results("out")
        #expect(results.count == 12)
        #expect((try body(results["r0"])["choices"] as? [Any])?.count == 2)
        for (name, part) in [
            ("bad", "temperature"), ("long", "context_length_exceeded"), ("chat", "without a chat template"),
            ("line-12", "JSON"),
        ] { #expect(results[name]?.contains(part) == true, "\(name): \(results[name] ?? "")") }
        #expect(try body(results["score"])["best"] as? Int == 0)
        let vectors = try #require(try body(results["vectors"])["data"] as? [[String: Any]])
        #expect(vectors.count == 2 && (vectors[0]["embedding"] as? [Double])?.isEmpty == false)
        // again: nothing to do
        #expect(try CaratProcess(["batch", path("in"), "-o", path("out")]).errors.contains("(12 from before)"))
        try write(try mixed(7), to: "in")
        let changed = try CaratProcess(["batch", path("in"), "-o", path("out")])
        #expect(changed.code == 1 && changed.errors.contains("--restart"), "\(changed.errors)")
    }

    /// Killed at any moment and run again: each line once, and the same as in an unbroken run.
    @Test func aKilledBatchGoesOn() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(try mixed(60), to: "in")
        let arguments = ["batch", path("in"), "--precision", "fast", "--overflow", "split"]
        #expect(try CaratProcess(arguments + ["-o", path("whole")]).code == 0)
        var kills = 0
        for round in 0..<40 {
            let process = Process()
            process.executableURL = CaratProcess.program
            process.arguments = arguments + ["-o", path("broken"), "--cache-dir", path("cache"), "--concurrency", "3"]
            process.environment = ProcessInfo.processInfo.environment
                .merging(["XDG_CACHE_HOME": CaratProcess.cache.path()]) { $1 }
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: 0.05 + 0.03 * Double(round))
            guard process.isRunning else {
                process.waitUntilExit()
                break
            }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            kills += 1
        }
        #expect(try CaratProcess(arguments + ["-o", path("broken"), "--cache-dir", path("cache")]).code == 0)
        #expect(kills > 0)
        #expect(try results("broken") == results("whole"))
    }

    @Test func shardsAreTheWhole() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(try mixed(8), to: "in")
        #expect(try CaratProcess(["batch", path("in"), "-o", path("whole")]).code == 0)
        var parts: [String: String] = [:]
        for shard in 0..<3 {
            #expect(try CaratProcess(["batch", path("in"), "-o", path("\(shard)"), "--shard", "\(shard)/3"]).code == 0)
            try parts.merge(results("\(shard)")) { one, _ in
                Issue.record("\(one) in two shards")
                return one
            }
        }
        #expect(try parts == results("whole"))
    }

    @Test func documentsAreAskedAndLongOnesParted() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appending(path: "docs"), withIntermediateDirectories: true)
        for (name, count) in [("a.txt", 3), ("b.txt", 150)] {
            let text = (0..<count).map { "\($0). " + Self.sentence }.joined()
            try Data(text.utf8).write(to: folder.appending(path: "docs/" + name))
        }
        try Data("{{document}}\nThe file {{name}} says:".utf8).write(to: folder.appending(path: "ask"))
        let arguments = [
            "batch", "--docs", path("docs"), "--prompt-template", path("ask"), "--endpoint", "completions", "-n", "4",
        ]
        #expect(try CaratProcess(arguments + ["-o", path("one")]).code == 0)
        #expect(try results("one")["b.txt"]?.contains("context_length_exceeded") == true)
        #expect(try CaratProcess(arguments + ["-o", path("parts"), "--overflow", "split"]).code == 0)
        let names = try results("parts").keys.sorted()
        #expect(names.first == "a.txt" && names.contains("b.txt#1") && names.contains("b.txt#3"))
        #expect(try CaratProcess(["score", "--docs", path("docs"), "-o", path("scores")]).code == 0)
        #expect(try #require(try body(results("scores")["a.txt"])["perplexity"] as? Double) > 1)
        #expect(
            try CaratProcess(["embed", "--docs", path("docs"), "-o", path("vectors"), "--pooling", "last"]).code == 0)
        #expect(try body(results("vectors")["a.txt"])["object"] as? String == "list")
    }

    @Test func aPrefixIsThereAfterARestart() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let prompt = String(repeating: Self.sentence, count: 60)
        try write([try completion("a", ["prompt": prompt, "max_tokens": 4, "temperature": 0])], to: "in")
        let arguments = ["batch", path("in"), "--cache-dir", path("cache"), "-o"]
        let first = try CaratProcess(arguments + [path("1")])
        let second = try CaratProcess(arguments + [path("2")])
        #expect(!first.errors.contains("cached") && second.errors.contains(" cached"), "\(second.errors)")
        #expect(try results("1") == results("2"))
    }

    @Test(arguments: [
        (["batch", "in"], "--output"), (["batch", "-o", "out"], "Give a file of requests"),
        (["batch", "in", "-o", "out", "--shard", "3/3"], "shard"),
        (["batch", "in", "-o", "out", "--concurrency", "0"], "1 to 4096"),
        (["batch", "in", "-o", "out", "--cache-ram", "-1"], "--cache-ram"),
        (["batch", "--docs", "x", "-o", "out"], "--prompt-template"),
    ])
    func wrongUsageIsSaid(arguments: [String], part: String) throws {
        let result = try CaratProcess(arguments)
        #expect(result.code == 64 && result.errors.contains(part), "\(result.errors)")
    }

    /// A token across the border of prompt and answer: all answers are scored from the same place.
    @Test func answersAreScoredFromOnePlace() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(
            [
                try line("space", "/v1/score", ["prompt": "He went to ", "answers": ["the", "the house"]]),
                try line("none", "/v1/score", ["prompt": "He went to", "answers": [" the", " the house"]]),
                try completion("three", ["prompt": ["It was", "It was"], "max_tokens": 12]),
            ], to: "in")
        #expect(try CaratProcess(["batch", path("in"), "-o", path("out")]).code == 0)
        let results = try results("out")
        func sums(_ name: String) throws -> [Double] {
            try #require(try body(results[name])["answers"] as? [[String: Any]]).compactMap { $0["logprob"] as? Double }
        }
        let (space, none) = (try sums("space"), try sums("none"))
        #expect(none[1] < none[0] && space[1] < space[0])
        #expect(abs(space[0] - none[0]) < 1e-9 && abs(space[1] - none[1]) < 1e-9, "\(space) \(none)")
        let texts = try #require(try body(results["three"])["choices"] as? [[String: Any]]).compactMap {
            $0["text"] as? String
        }
        #expect(Set(texts).count == 2)
    }
}
