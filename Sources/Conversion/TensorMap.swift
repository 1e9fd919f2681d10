/// Which tensor of the folder becomes which of the GGUF file, and what shape it has to have.
struct TensorMap {
    struct Target {
        let name: String
        /// As safetensors has it: the length of a row last.
        let shape: [Int]
        /// Norm weights, to which GGUF files have 1 added.
        let isNorm: Bool
    }

    private let targets: [String: Target]

    init(_ p: HyperParameters, vocabularyCount: Int) {
        let (d, ff) = (p.width, p.feedForwardWidth)
        let (attention, kv) = (p.heads * p.headDim, p.kvHeads * p.headDim)
        var targets = [
            "model.embed_tokens.weight": Target(name: "token_embd.weight", shape: [vocabularyCount, d], isNorm: false),
            "model.norm.weight": Target(name: "output_norm.weight", shape: [d], isNorm: true),
        ]
        let parts: [(String, String, [Int])] = [
            ("input_layernorm", "attn_norm", [d]), ("self_attn.q_proj", "attn_q", [attention, d]),
            ("self_attn.k_proj", "attn_k", [kv, d]), ("self_attn.v_proj", "attn_v", [kv, d]),
            ("self_attn.o_proj", "attn_output", [d, attention]), ("post_attention_layernorm", "ffn_norm", [d]),
            ("mlp.gate_proj", "ffn_gate", [ff, d]), ("mlp.up_proj", "ffn_up", [ff, d]),
            ("mlp.down_proj", "ffn_down", [d, ff]),
        ]
        for layer in 0..<p.layers {
            for (source, target, shape) in parts {
                targets["model.layers.\(layer).\(source).weight"] = Target(
                    name: "blk.\(layer).\(target).weight", shape: shape, isNorm: shape.count == 1)
            }
        }
        self.targets = targets
    }

    /// Every tensor that a model has, in no order.
    var names: some Collection<String> { targets.keys }

    subscript(name: String) -> Target? { targets[name] }

    /// Whether a tensor says nothing that the others don't: the output, which is the embedding itself, and tables that
    /// old versions of transformers saved.
    static func isRedundant(_ name: String) -> Bool {
        name == "lm_head.weight" || name.hasSuffix(".rotary_emb.inv_freq") || name.hasSuffix(".attention.masked_bias")
            || name.hasSuffix(".attention.bias")
    }
}
