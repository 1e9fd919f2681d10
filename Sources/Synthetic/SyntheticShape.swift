/// The hyper-parameters of a model, without its weights.
public struct SyntheticShape: Sendable, Equatable {
    /// As in `gemma-2b:Q4_K_M` before the colon.
    public let name: String
    public let layers: Int
    public let width: Int
    public let feedForwardWidth: Int
    public let heads: Int
    public let kvHeads: Int
    public let headDim: Int
    public let vocabularyCount: Int
    public let contextLength: Int

    /// Source: Gemma Team 2024, arXiv:2403.08295, table 1.
    public static let gemma2B = SyntheticShape(
        name: "gemma-2b", layers: 18, width: 2048, feedForwardWidth: 16_384, heads: 8, kvHeads: 1, headDim: 256,
        vocabularyCount: 256_000, contextLength: 8192)
    /// Source: Gemma Team 2024, arXiv:2403.08295, table 1.
    public static let gemma7B = SyntheticShape(
        name: "gemma-7b", layers: 28, width: 3072, feedForwardWidth: 24_576, heads: 16, kvHeads: 16, headDim: 256,
        vocabularyCount: 256_000, contextLength: 8192)
    /// The model inside the program.
    public static let caratTiny = SyntheticShape(
        name: "carat-tiny", layers: 4, width: 256, feedForwardWidth: 512, heads: 4, kvHeads: 1, headDim: 64,
        vocabularyCount: 4096, contextLength: 2048)

    public static let all = [gemma2B, gemma7B, caratTiny]
}

/// What a matrix does in its layer; the raw value is its name in the file.
enum MatrixRole: String {
    case tokenEmbedding = "token_embd"
    case key = "attn_k"
    case attentionOutput = "attn_output"
    case query = "attn_q"
    case value = "attn_v"
    case down = "ffn_down"
    case gate = "ffn_gate"
    case up = "ffn_up"
}

extension SyntheticShape {
    /// A tensor of the model; those without a role are norms.
    struct Tensor {
        let name: String
        let shape: [Int]
        let role: MatrixRole?
        let layer: Int
    }

    /// All tensors in the order in which quantized files have them: by name within a layer.
    var tensors: [Tensor] {
        let d = width
        let ff = feedForwardWidth
        let attention = heads * headDim
        let kv = kvHeads * headDim
        var tensors = [
            Tensor(name: "output_norm.weight", shape: [d], role: nil, layer: 0),
            Tensor(name: "token_embd.weight", shape: [d, vocabularyCount], role: .tokenEmbedding, layer: 0),
        ]
        for layer in 0..<layers {
            func matrix(_ role: MatrixRole, _ columns: Int, _ rows: Int) {
                let name = "blk.\(layer).\(role.rawValue).weight"
                tensors.append(Tensor(name: name, shape: [columns, rows], role: role, layer: layer))
            }
            func norm(_ name: String) {
                tensors.append(Tensor(name: "blk.\(layer).\(name).weight", shape: [d], role: nil, layer: layer))
            }
            matrix(.key, d, kv)
            norm("attn_norm")
            matrix(.attentionOutput, attention, d)
            matrix(.query, d, attention)
            matrix(.value, d, kv)
            matrix(.down, ff, d)
            matrix(.gate, d, ff)
            norm("ffn_norm")
            matrix(.up, d, ff)
        }
        return tensors
    }
}
