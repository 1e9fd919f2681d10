import Conversion
import Foundation
import GGUF
import JSON
import TestSupport
import Testing

/// config.json and tokenizer.model: what they must say, and what they may not.
@Suite struct FolderTests {
    private func refusal(_ change: (inout HubFolder) -> Void) throws -> String {
        var folder = HubFolder()
        change(&folder)
        return try folder.refusal().map(\.description) ?? "taken"
    }

    @Test(
        arguments: [
            ("architectures", ["Gemma2ForCausalLM"], "architecture `Gemma2ForCausalLM`"),
            ("architectures", [], "architecture that it does not name"),
            ("hidden_size", nil, "no number as `hidden_size`"),
            ("hidden_size", "16", "no number as `hidden_size`"),
            ("num_hidden_layers", 1_000_000, "num_hidden_layers is 1000000"),
            ("num_attention_heads", 0, "num_attention_heads is 0"), ("rms_norm_eps", -1, "rms_norm_eps is -1"),
            ("vocab_size", 100, "has the shape"), ("quantization_config", ["bits": 4], "quantization_config is"),
            ("rope_scaling", ["type": "linear"], "rope_scaling is"),
            ("tie_word_embeddings", false, "tie_word_embeddings is"),
            ("hidden_act", "silu", "hidden_act is"), ("attention_bias", true, "attention_bias is"),
        ] as [(String, JSONValue, String)])
    func configsAreRefused(_ member: String, _ value: JSONValue, part: String) throws {
        let text = try refusal { $0.config[member] = value }
        #expect(text.contains(part), "\(text)")
    }

    @Test func membersHaveDefaults() throws {
        var folder = HubFolder()
        for member in ["max_position_embeddings", "rms_norm_eps", "vocab_size", "architectures"] {
            folder.config[member] = nil
        }
        folder.config["model_type"] = "gemma"
        folder.config["rope_theta"] = 50_000
        let metadata = try folder.converted().metadata
        #expect(try metadata.uint32("gemma.context_length") == 8192)
        #expect(try metadata.float32("gemma.attention.layer_norm_rms_epsilon") == 1e-6)
        #expect(try metadata.float32("gemma.rope.freq_base") == 50_000)
        #expect(try HubFolder().converted().metadata.float32("gemma.rope.freq_base") == nil)
    }

    @Test func filesThatAreMissing() throws {
        let scratch = try Scratch()
        let folder = scratch.path("model")
        func text() -> String {
            do {
                _ = try GemmaConverter(folder)
                return "taken"
            } catch {
                return error.description
            }
        }
        #expect(text().contains("it is no folder"))
        try HubFolder().write(to: folder)
        #expect(text() == "taken")
        for name in ["tokenizer.model", "config.json"] {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
            #expect(text().contains("there is no \(folder)/\(name)"))
        }
        try FileManager.default.removeItem(atPath: folder + "/model.safetensors")
        #expect(text().contains("no model*.safetensors"))
        #expect(mkfifo(folder + "/model.safetensors", 0o600) == 0)
        #expect(text().contains("it is a pipe"))
    }

    @Test func piecesThatCannotBe() throws {
        #expect(try refusal { $0.texts["tokenizer.model"] = "" }.contains("it has no pieces"))
        #expect(try refusal { $0.texts["tokenizer.model"] = "{\"model\"}" }.contains("tokenizer.model: byte 0 has"))
        #expect(try refusal { $0.pieces[7].kind = 9 }.contains("piece 7 is of the unknown kind 9"))
        #expect(try refusal { $0.pieces[7].text = [] }.contains("piece 7 has no text"))
        #expect(try refusal { $0.pieces[7].score = .nan }.contains("the score of piece 7"))
        #expect(try refusal { $0.pieces[3].kind = 1 }.contains("no piece stands for what is unknown"))
    }

    /// Cut at a field's end, a file of pieces is a valid message: what is missing at its end tells.
    @Test func piecesThatEndEarly() throws {
        let scratch = try Scratch()
        var folder = HubFolder()
        let count = HubFolder.vocabularyCount
        folder.pieces.removeLast(3)
        try folder.write(to: scratch.folder)
        #expect(try GemmaConverter(scratch.folder).paddingCount == 3)
        let settings = 4  // bytes of the trainer's settings
        let whole = folder.sentencePieceModel
        try Data(whole.dropLast(settings)).write(to: URL(filePath: scratch.path("tokenizer.model")))
        let error = #expect(throws: ConversionError.self) { try GemmaConverter(scratch.folder) }
        let text = error?.description ?? ""
        #expect(text.contains("tokenizer.model: it is cut short, after \(count - 3) of config.json's \(count) tokens"))
        #expect(text.contains("Fetch the file again"))
        // the normalizer's settings alone are an end too
        let normalized = Array(whole.dropLast(settings)) + HubFolder.field(3, [])
        try Data(normalized).write(to: URL(filePath: scratch.path("tokenizer.model")))
        #expect(try GemmaConverter(scratch.folder).paddingCount == 3)
    }

    /// A model file cut anywhere, or with any byte changed, is refused or taken, never a crash.
    @Test func randomDamageOfPiecesIsSurvived() throws {
        let scratch = try Scratch()
        let folder = HubFolder()
        try folder.write(to: scratch.folder)
        let good = folder.sentencePieceModel
        var random = SplitMix(3)
        var refused = 0
        for round in 0..<300 {
            var bytes = good
            if round.isMultiple(of: 2) { bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))) }
            for _ in 0..<round % 5 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try Data(bytes).write(to: URL(filePath: scratch.path("tokenizer.model")))
            do { _ = try GemmaConverter(scratch.folder) } catch { refused += 1 }
        }
        #expect(refused > 100 && refused < 300)
    }
}
