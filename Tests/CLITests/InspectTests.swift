import Foundation
import GGUF
import TestSupport
import Testing

@Suite struct InspectTests {
    @Test func itShowsWhatAModelNeeds() throws {
        let text = try CaratProcess(["inspect"]).output
        for part in [
            "carat-tiny", "3.28 M (3279104)", "attention.head_count_kv = 1", "Q6_K: 5 tensors",
            "4096 tokens (llama), BOS 2",
            "1.00 KiB per token", "2.00 MiB for 2048 tokens", "runs in Carat     yes",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func jsonHasTheSameFacts() throws {
        let file = Fixtures.folder.appending(path: "models/carat-tiny-Q2_K.gguf").path()
        let output = try CaratProcess(["inspect", file, "--json", "--tensors"]).output
        let object = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        #expect(object["architecture"] as? String == "gemma" && object["parameters"] as? Int == 3_279_104)
        let types = try #require(object["types"] as? [[String: Any]])
        #expect(Set(types.compactMap { $0["type"] as? String }) == ["Q2_K", "Q3_K", "Q4_K", "Q6_K", "F32"])
        #expect((object["tensors"] as? [Any])?.count == 38)
        let memory = try #require(object["memory"] as? [String: Any])
        #expect(memory["kv_bytes_per_token_f16"] as? Int == 2 * 4 * 1 * 64 * 2)
    }

    @Test func otherArchitecturesAreListedAndNotRun() throws {
        var random = RandomModel()
        random.overrides["general.architecture"] = .string("llama")
        let file = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(random.encoded()).write(to: file)
        let result = try CaratProcess(["inspect", file.path()])
        #expect(result.code == 0 && result.output.contains("no: general.architecture is 'llama'"))
    }

    @Test func tokenizeGoesBothWays() throws {
        let text = "Café naïve — 東京 🙂\n\ttabs  and two spaces"
        let ids = try CaratProcess(["tokenize", "--ids"], input: Data(text.utf8)).output
        let back = try CaratProcess(["tokenize", "--decode"], input: Data(ids.utf8)).output
        #expect(back == text + "\n")
        #expect(try CaratProcess(["tokenize", "--ids", "-p", "She had been"]).output == "2 1227 357 458\n")
        #expect(try CaratProcess(["tokenize", "-p", "She had been"]).output.hasPrefix("   2  \"<bos>\"\n1227  \""))
        let shown = try CaratProcess(["tokenize", "--decode", "--parse-special"], input: Data("[2, 1227]".utf8))
        #expect(shown.output.hasPrefix("<bos>") && shown.output.hasSuffix("She\n"))
    }

    @Test func controlTokensAreParsedOnlyWhenAsked() throws {
        let plain = try CaratProcess(["tokenize", "--ids", "-p", "a<eos>"]).output
        let parsed = try CaratProcess(["tokenize", "--ids", "--parse-special", "-p", "a<eos>"]).output
        #expect(parsed.hasSuffix(" 1\n") && !plain.hasSuffix(" 1\n"))
    }

    @Test(arguments: [
        ("x", "'x' is not a token id"), ("4096", "4095"), ("-1", "4095"), ("99999999999", "not a token id"),
    ])
    func badIdsAreNamed(ids: String, part: String) throws {
        let result = try CaratProcess(["tokenize", "--decode"], input: Data(ids.utf8))
        #expect(result.code == 1 && result.errors.contains(part))
    }
}
