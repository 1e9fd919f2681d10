import Foundation
import TestSupport
import Testing

/// `carat perplexity`, `kld`, `quality` and `eval` as their users run them.
@Suite(.serialized) struct JudgingTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "carat-judging-\(UUID().uuidString)")
    private static let text = Fixtures.folder.appending(path: "texts/heldout.txt").path()
    private static let parent = Fixtures.folder.appending(path: "models/carat-tiny-F16.gguf").path()

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path() }
    private func remove() { try? FileManager.default.removeItem(at: folder) }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func perplexityIsPrintedAsLlamaCppDoes() throws {
        let run = try CaratProcess(["perplexity", "-f", Self.text])
        #expect(run.code == 0, "\(run.errors)")
        let match = try #require(run.output.wholeMatch(of: /Final estimate: PPL = ([0-9.]+) \+\/- ([0-9.]+)\n/))
        let value = try #require(Double(match.1))
        #expect(abs(value / 70.316 - 1) < 0.003)
        let object = try json(try CaratProcess(["perplexity", "-f", Self.text, "--json"]).output)
        #expect(abs(try #require(object["perplexity"] as? Double) - value) < 1e-3)
        #expect(object["scored_tokens"] as? Int == 8160 && object["model"] as? String == "carat-tiny")
    }

    @Test func aSavedParentServesLater() throws {
        defer { remove() }
        let saved = try CaratProcess([
            "perplexity", "-m", Self.parent, "-f", Self.text, "-c", "128", "--chunks", "4", "--precision", "full",
            "-ctk",
            "f32", "--save-logits", path("f16"),
        ])
        #expect(saved.code == 0, "\(saved.errors)")
        let stored = try CaratProcess(["kld", "--logits", path("f16"), "--json"])
        let live = try CaratProcess([
            "kld", "--parent", Self.parent, "-f", Self.text, "-c", "128", "--chunks", "4", "--json",
        ])
        #expect(stored.code == 0 && live.code == 0, "\(stored.errors) \(live.errors)")
        let (a, b) = (try json(stored.output), try json(live.output))
        let means = try [a, b].map { try #require($0["kld_mean"] as? Double) }
        #expect(means[1] > 0.001 && abs(means[0] / means[1] - 1) < 0.01, "\(means)")
        #expect(a["scored_tokens"] as? Int == 252 && b["scored_tokens"] as? Int == 252)
        let text = try CaratProcess(["kld", "--logits", path("f16"), "-f", Self.text])
        #expect(text.code == 0 && text.output.contains("Same top p: "), "\(text.errors)")
        let other = try CaratProcess(
            ["kld", "--logits", path("f16"), "-f", "-"], input: Data(String(repeating: "a b ", count: 500).utf8))
        #expect(other.code == 1 && other.errors.contains("another text"), "\(other.errors)")
        let broken = try Data(contentsOf: URL(filePath: path("f16"))).dropLast(5)
        try broken.write(to: URL(filePath: path("broken")))
        let damaged = try CaratProcess(["kld", "--logits", path("broken")])
        #expect(damaged.code == 1 && damaged.errors.contains("damaged or incomplete"), "\(damaged.errors)")
    }

    @Test func qualityFillsTheTable() throws {
        defer { remove() }
        let q8 = Fixtures.folder.appending(path: "models/carat-tiny-Q8_0.gguf").path()
        let q2 = Fixtures.folder.appending(path: "models/carat-tiny-Q2_K.gguf").path()
        let run = try CaratProcess([
            "quality", q8, q2, "--parent", Self.parent, "-f", Self.text, "--chunks", "4", "--repetitions", "2",
            "--report", path("q.html"),
        ])
        #expect(run.code == 0, "\(run.errors)")
        let rows = run.output.split(separator: "\n").map {
            $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        #expect(rows.count == 5 && rows.allSatisfy { $0.count == 10 }, "\(run.output)")
        #expect(rows.dropFirst(2).map { $0[1] } == ["F16", "Q8_0", "Q2_K"])
        let rate = rows[4][7].split(separator: " ").first.flatMap { Double($0) }  // what follows is its deviation
        #expect(rows[2][5] == "parent" && (rate ?? 0) > 0 && rows[4][9].contains("MiB"), "\(run.output)")
        let page = try String(contentsOf: folder.appending(path: "q.html"), encoding: .utf8)
        #expect(page.contains("<svg") && page.contains("KLD (nats per token)") && page.contains("Q2_K"))
        #expect(!page.contains("nan") && !page.contains("http") && !page.contains("<script"))
        let object = try JSONSerialization.jsonObject(
            with: Data(
                try CaratProcess([
                    "quality", q2, "--parent", Self.parent, "-f", Self.text, "--chunks", "1", "--repetitions", "0",
                    "--json",
                ]).output.utf8))
        let second = try #require((object as? [[String: Any]])?.last)
        #expect(second["method"] as? String == "Q2_K" && (second["kld_mean"] as? Double ?? 0) > 0.01)
    }

    @Test func evalCountsWhatIsRight() throws {
        defer { remove() }
        let tasks = Fixtures.folder.appending(path: "tasks")
        let file = tasks.appending(path: "choice.jsonl").path()
        let run = try CaratProcess(["eval", file, "-o", path("out"), "--json"])
        #expect(run.code == 0, "\(run.errors)")
        let object = try json(run.output)
        #expect(object["task"] as? String == "choice" && object["questions"] as? Int == 2)
        #expect(object["acc"] as? Double == 1 && object["acc_stderr"] as? Double == 0)
        let lines = try String(contentsOfFile: path("out"), encoding: .utf8).split(separator: "\n")
        let first = try json(String(lines[0]))
        #expect(lines.count == 2 && (first["logprobs"] as? [Double])?.count == 3)
        let exact = try CaratProcess(["eval", tasks.appending(path: "exact.jsonl").path(), "-n", "4"])
        #expect(exact.code == 0 && exact.output.contains("exact_match"), "\(exact.errors)")
        let list = try CaratProcess(["eval", "--list"])
        #expect(list.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(list.output)")
        for name in ["hellaswag", "mmlu", "truthfulqa_mc2", "winogrande", "choice", "cloze"] {
            #expect(list.output.contains("\n\(name):") || list.output.hasPrefix("\(name):"), "\(name)")
        }
        let shown = try CaratProcess([
            "eval", tasks.appending(path: "mmlu.jsonl").path(), "--task", "mmlu", "--shots", "1", "--shots-file",
            tasks.appending(path: "mmlu_shots.jsonl").path(), "--show", "1",
        ])
        #expect(shown.output.contains("about anatomy.\n\nWhat does the heart move?\nA. blood\n"))
        #expect(shown.output.contains("Answer: A\n\nWhich of these is a bone?"), "\(shown.output)")
    }

    @Test(
        arguments: [
            (["perplexity"], 1, "the text is empty"),
            (["perplexity", "-f", "/dev/null"], 1, "the text is empty"),
            (["perplexity", "-f", text, "-c", "100000"], 1, "a window takes 100000"),
            (["perplexity", "-f", text, "-c", "2"], 1, "nothing to score"),
            (["perplexity", "-f", text, "-c", "-5"], 64, "-c is -5"),
            (["perplexity", "-f", text, "--stride", "512"], 1, "--stride"),
            (["perplexity", "-f", text, "-c", "4096"], 1, "2048"),
            (["perplexity", "-f", "/nowhere"], 1, "/nowhere"),
            (["perplexity", "-f", text, "--chunks", "0"], 64, "--chunks"),
            (["perplexity", "-f", text, "-c", "0"], 64, "-c is 0"),
            (["perplexity", "-f", text, "--stride", "0"], 64, "--stride is 0"),
            (["kld", "--logits", "x", "-c", "128"], 64, "leave -c out"),
            (["perplexity", "-f", text, "--save-logits", "/nowhere/f"], 1, "/nowhere/f"),
            (["perplexity", "-f", text, "--stride", "8", "--save-logits", "f"], 1, "no stride"),
            (["kld", "-f", text], 64, "--parent"),
            (["kld", "-f", text, "--parent", parent, "--logits", "x"], 64, "--logits"),
            (["kld", "--logits", text], 1, "no file of log-probabilities"),
            (["kld", "--logits", "/nowhere"], 1, "/nowhere"),
            (["quality", "/nowhere.gguf", "--parent", parent, "-f", text], 1, "/nowhere.gguf"),
            (["quality", parent, "--parent", parent, "-f", text, "--report", "/nowhere/r"], 1, "/nowhere/r"),
            (["eval"], 64, "--list"),
            (["eval", "/nowhere"], 1, "/nowhere"),
            (["eval", text], 1, "line must be one JSON object"),
            (["eval", text, "--task", "nothing"], 64, "hellaswag"),
            (["eval", text, "--shots", "2"], 64, "--shots-file"),
            (["eval", text, "--limit", "0"], 64, "--limit"),
        ] as [([String], Int32, String)])
    func badInputIsNamed(arguments: [String], code: Int32, part: String) throws {
        let result = try CaratProcess(arguments)
        #expect(result.code == code && result.output.isEmpty, "\(result.code) \(result.output)")
        #expect(result.errors.contains(part), "\(result.errors)")
    }

    @Test func ctrlCEndsCleanly() throws {
        defer { remove() }
        let text = try String(contentsOfFile: Self.text, encoding: .utf8)
        try String(repeating: text, count: 60).write(toFile: path("long"), atomically: true, encoding: .utf8)
        let run = try CaratProcess(
            ["perplexity", "-m", Self.parent, "-f", path("long"), "--save-logits", path("logits")], interruptAfter: 4)
        #expect(run.code == 130 && run.output.isEmpty, "\(run.errors)")
        #expect(run.errors.contains(/interrupted after \d+ of \d+ windows(: PPL [0-9.]+ so far)?\n/), "\(run.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["long"])
    }
}
