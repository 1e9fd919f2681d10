import Foundation
import Testing

@Suite(.serialized) struct RunTests {
    private let greedy = ["--temp", "0", "-n", "16"]

    @Test func theTextAloneGoesToStandardOutput() throws {
        let result = try CaratProcess(["run", "-p", "She had been"] + greedy)
        #expect(result.code == 0)
        #expect(!result.output.contains("token") && result.output.count > 20)
        #expect(result.errors.contains("generated 16 tokens") && result.errors.contains("prompt 4 tokens"))
    }

    @Test func promptsComeFromArgumentFileAndStandardInput() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "carat-prompt-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("She had been".utf8).write(to: file)
        let expected = try CaratProcess(["run", "-p", "She had been"] + greedy).output
        #expect(try CaratProcess(["run", "-f", file.path()] + greedy).output == expected)
        #expect(try CaratProcess(["run"] + greedy, input: Data("She had been".utf8)).output == expected)
        #expect(try CaratProcess(["run", "-f", "-"] + greedy, input: Data("She had been".utf8)).output == expected)
        #expect(try CaratProcess(["run", "-e", "-p", #"She\x20had been"#] + greedy).output == expected)
    }

    @Test func anyBytesAreAPrompt() throws {
        #expect(try CaratProcess(["run", "-n", "4"], input: Data([0xFF, 0, 0xC3, 0x28])).code == 0)
        #expect(try CaratProcess(["run", "-n", "4"], input: Data()).code == 0)
    }

    @Test func theSameSeedGivesTheSameText() throws {
        func text(_ seed: String, _ more: [String] = []) throws -> String {
            try CaratProcess(["run", "-p", "The sea", "-n", "30", "-s", seed, "--precision", "fast"] + more).output
        }
        let first = try text("11")
        #expect(try text("11", ["-t", "1"]) == first)
        #expect(try text("11", ["-tb", "1", "-ub", "2"]) == first)
        #expect(try text("12") != first)
    }

    @Test func jsonIsOneObject() throws {
        let result = try CaratProcess(["run", "-p", "She had been", "--json"] + greedy)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(object["prompt_tokens"] as? Int == 4 && object["generated_tokens"] as? Int == 16)
        #expect(object["finish_reason"] as? String == "length")
        #expect((object["text"] as? String)?.isEmpty == false && (object["ttft_seconds"] as? Double ?? 0) > 0)
    }

    @Test func negativeValuesNeedNoEqualsSign() throws {
        let flags = [
            "-n", "-1", "-s", "-1", "--repeat-last-n", "-1", "--presence-penalty", "-1", "--temp", "-1", "--top-k",
            "-1",
        ]
        #expect(try CaratProcess(["run", "-p", "She", "-c", "20", "--stop", "-x", "-l", "5-1.5"] + flags).code == 0)
    }

    @Test func tinyTemperaturesTakeTheBest() throws {
        let best = try CaratProcess(["run", "-p", "Hello", "-n", "8", "--temp", "0"]).output
        for temperature in ["1e-38", "1e-44", "1e-20"] {
            #expect(
                try CaratProcess(["run", "-p", "Hello", "-n", "8", "-s", "1", "--temp", temperature]).output == best)
        }
    }

    @Test func stopStringsAreNotShown() throws {
        let all = try CaratProcess(["run", "-p", "She had been"] + greedy).output
        let stop = String(all.dropFirst(10).prefix(6))
        let result = try CaratProcess(["run", "-p", "She had been", "--stop", stop] + greedy)
        #expect(!result.output.contains(stop) && result.errors.contains("ended by a stop string"))
    }

    @Test func verboseSaysWhatRunsAndHow() throws {
        let result = try CaratProcess(["run", "-v", "-p", "a", "-n", "1", "-t", "1"])
        for part in [
            "model: carat-tiny", "kernels: ", "threads: 1 decode", "plan: precision auto", "Q4_K", "Q6_K", "KV f16",
        ] {
            #expect(result.errors.contains(part), "\(part)")
        }
    }

    @Test func aLongPromptIsRefusedWithBothCounts() throws {
        let result = try CaratProcess(["run", "-c", "8", "-p", "one two three four five six seven eight nine ten"])
        #expect(result.code == 1 && result.output.isEmpty)
        #expect(result.errors.contains("tokens and the context has room for 8"))
    }

    /// Exit code 1 for what the world did, 64 for a wrong command line; always one line that says what to do.
    @Test(
        arguments: [
            (["run", "-m", "/nowhere.gguf", "-p", "a"], 1, "/nowhere.gguf"),
            (["run", "-m", "/", "-p", "a"], 1, "/"),
            (["run", "-m", "/dev/null", "-p", "a"], 1, "/dev/null"),
            (["run", "-f", "/nowhere.txt"], 1, "/nowhere.txt"),
            (["run", "-p", "a", "-c", "99999"], 1, "2048"),
            (["run", "-p", "a", "-c", "-5"], 64, "-5"),
            (["run", "-p", "a", "-t", "0"], 64, "threads"),
            (["run", "-p", "a", "-ub", "0"], 64, "ubatch"),
            (["run", "-p", "a", "--top-p", "7"], 64, "top-p"),
            (["run", "-p", "a", "--temp", "nan"], 64, "temperature"),
            (["run", "-p", "a", "-l", "5000+1"], 1, "5000"),
            (["run", "-p", "a", "-f", "b"], 64, "not both"),
            (["run", "-p", "a", "--precision", "gpu"], 64, "gpu"),
            (["run", "-p", "a", "--error-budget", "-1"], 64, "error budget"),
            (["plan", "--error-budget", "1e308"], 64, "0 to 1"),
            (["plan", "--error-budget", "nan"], 64, "error budget"),
            (["run", "-p", "a", "--isa", "mmx"], 64, "Choose one of: portable"),
            (["run", "-p", "a", "-n", "x"], 64, "x"),
            (["run", "--nonsense"], 64, "nonsense"),
            (["frobnicate"], 64, "frobnicate"),
        ] as [([String], Int32, String)])
    func badInputIsNamed(arguments: [String], code: Int32, part: String) throws {
        let result = try CaratProcess(arguments)
        #expect(result.code == code && result.output.isEmpty)
        #expect(result.errors.contains(part), "\(result.errors)")
    }

    @Test func ctrlCEndsWithWhatWasMade() throws {
        // 2,000 tokens by scalar kernels on one thread take seconds: the interrupt comes in their midst
        let result = try CaratProcess(
            ["run", "-p", "The sea", "--ignore-eos", "--isa", "portable", "-t", "1"], interruptAfter: 0.4)
        #expect(result.code == 130 && !result.output.isEmpty)
        #expect(result.errors.contains("ended by interruption"))
    }

    @Test func aClosedPipeEndsQuietly() throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        let errors = Pipe()
        shell.arguments = ["-c", "'\(CaratProcess.program.path())' run -p 'The sea' --ignore-eos | head -c 5"]
        shell.standardOutput = Pipe()
        shell.standardError = errors
        try shell.run()
        shell.waitUntilExit()
        #expect(try errors.fileHandleForReading.readToEnd().map { $0.isEmpty } ?? true)
    }
}
