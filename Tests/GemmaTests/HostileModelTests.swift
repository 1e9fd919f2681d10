import Compute
import GGUF
import Gemma
import Planner
import TestSupport
import Testing

/// Files that are well-formed GGUF and no usable model: each is refused by name.
@Suite struct HostileModelTests {
    private func message(_ change: (inout RandomModel) -> Void) -> String {
        var random = RandomModel()
        change(&random)
        do {
            _ = try GemmaModel(try random.file())
            return "accepted"
        } catch { return "\(error)" }
    }

    @Test(arguments: [
        "gemma.embedding_length", "gemma.block_count", "gemma.feed_forward_length", "gemma.attention.head_count",
        "gemma.attention.head_count_kv", "gemma.attention.key_length", "gemma.context_length",
    ])
    func sizesOutOfRangeAreRefusedByKey(key: String) {
        for value: UInt32 in [0, 0x8000_0000, .max] {
            #expect(message { $0.overrides[key] = .uint32(value) }.contains(key), "\(value)")
        }
        #expect(message { $0.overrides[key] = .int32(-1) }.contains(key))
        #expect(message { $0.overrides[key] = .string("256") }.contains(key))
    }

    @Test func missingKeysAreNamed() {
        for key in ["gemma.embedding_length", "gemma.block_count", "gemma.context_length", "tokenizer.ggml.tokens"] {
            #expect(message { $0.overrides[key] = .some(nil) }.contains(key))
        }
    }

    @Test(arguments: [Float.nan, .infinity, 0, -1, 1e9])
    func epsilonMustBeSmallAndPositive(value: Float) {
        let key = "gemma.attention.layer_norm_rms_epsilon"
        #expect(message { $0.overrides[key] = .float32(value) }.contains(key))
    }

    @Test(arguments: [Float.nan, .infinity, 0, -10_000])
    func theBaseOfRoPEMustBePositive(value: Float) {
        #expect(message { $0.overrides["gemma.rope.freq_base"] = .float32(value) }.contains("gemma.rope.freq_base"))
    }

    @Test func headsMustFit() {
        #expect(message { $0.overrides["gemma.attention.head_count_kv"] = .uint32(3) }.contains("KV heads"))
        #expect(message { $0.overrides["gemma.attention.head_count_kv"] = .uint32(8) }.contains("KV heads"))
        #expect(message { $0.overrides["gemma.attention.key_length"] = .uint32(63) }.contains("63"))
        #expect(message { $0.overrides["gemma.attention.value_length"] = .uint32(32) }.contains("32"))
        #expect(message { $0.overrides["gemma.rope.dimension_count"] = .uint32(32) }.contains("32"))
    }

    @Test func architecturesAreRefusedByName() {
        #expect(message { $0.overrides["general.architecture"] = .string("llama") }.contains("'llama'"))
        #expect(message { $0.overrides["general.architecture"] = .some(nil) }.contains("missing"))
        #expect(message { $0.overrides["general.architecture"] = .uint32(1) }.contains("general.architecture"))
    }

    @Test func missingAndMisshapenTensorsAreNamed() {
        #expect(message { $0.without = ["blk.1.ffn_up.weight"] }.contains("blk.1.ffn_up.weight"))
        #expect(message { $0.without = ["token_embd.weight"] }.contains("token_embd.weight"))
        let shape = message { $0.overrides["gemma.feed_forward_length"] = .uint32(768) }
        #expect(shape.contains("blk.0.ffn_gate.weight") && shape.contains("[256, 768]"))
    }

    @Test func unsupportedTensorTypesAreNamed() {
        var writer = GGUFWriter()
        writer.addTensor("blk.0.attn_q.weight", type: .Q4_0, shape: [32, 1], bytes: Array(repeating: 0, count: 18))
        #expect {
            let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
            _ = try Weight(try file.requireTensor("blk.0.attn_q.weight"), in: file)
        } throws: { "\($0)".contains("blk.0.attn_q.weight uses Q4_0") }
    }

    @Test func theDefaultsOfEarlyFilesApply() throws {
        // head_count_kv, key_length and value_length may be missing: then heads are as many and as wide as they must be
        var random = RandomModel()
        random.kvHeads = 4
        for key in ["head_count_kv", "key_length", "value_length"] {
            random.overrides["gemma.attention.\(key)"] = .some(nil)
        }
        let model = try GemmaModel(try random.file())
        #expect(model.config.kvHeads == 4 && model.config.headDim == 64)
        #expect(model.weights.output.name == "token_embd.weight")
    }

    @Test func aSeparateOutputWeightIsUsed() throws {
        var random = RandomModel()
        random.hasOutputWeight = true
        #expect(try GemmaModel(try random.file()).weights.output.name == "output.weight")
    }
}
