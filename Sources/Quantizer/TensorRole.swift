/// What a tensor is in a model, as far as quantization asks.
enum TensorRole: Equatable, Sendable {
    case output
    case tokenEmbedding
    /// attn_v, or a matrix that it is a part of.
    case value
    case attentionOutput
    case down
    case other

    init(_ name: String) {
        if name == "output.weight" {
            self = .output
        } else if name == "token_embd.weight" || name == "per_layer_token_embd.weight" {
            self = .tokenEmbedding
        } else if ["attn_qkv.weight", "attn_kv_b.weight", "attn_v.weight"].contains(where: name.contains) {
            self = .value
        } else if name.contains("attn_output.weight") {
            self = .attentionOutput
        } else if name.contains("ffn_down") {
            self = .down
        } else {
            self = .other
        }
    }

    /// Whether a matrix of this name is quantized at all: norms, routers and small tables are not.
    static func isQuantized(_ name: String) -> Bool {
        name.hasSuffix("weight") && !kept.contains(where: name.contains)
    }

    private static let kept = [
        "_norm.weight", "ffn_gate_inp.weight", "altup", "laurel", "per_layer_model_proj", "position_embd",
        "token_types", "attn_rel_b.weight", "ssm_conv1d", "shortconv.conv.weight", ".rel_pos", ".patch_embd",
        ".patch_merger",
    ]

    /// The layer that a name tells: 3 of `blk.3.ffn_down.weight`; nil outside of layers.
    static func layer(_ name: String) -> Int? {
        guard name.hasPrefix("blk.") else { return nil }
        let rest = name.dropFirst(4)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        return rest.dropFirst(digits.count).first == "." ? Int(digits) : nil
    }
}
