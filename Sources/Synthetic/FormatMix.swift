public import GGUF

/// Which format each matrix of a file gets: one format for all, or one of the K-quant mixes, which spend more bits where
/// errors cost most.
///
/// The choices are those of files in circulation, as llama.cpp's quantizer makes them without an importance matrix.
public struct FormatMix: Sendable, Equatable {
    /// As in `gemma-2b:Q4_K_M` after the colon.
    public let name: String
    /// The format of most matrices.
    public let base: TensorType
    /// `general.file_type` of such files.
    public let fileType: UInt32

    public static let all = [
        FormatMix(name: "F32", base: .F32, fileType: 0), FormatMix(name: "F16", base: .F16, fileType: 1),
        FormatMix(name: "BF16", base: .BF16, fileType: 32), FormatMix(name: "Q8_0", base: .Q8_0, fileType: 7),
        FormatMix(name: "Q6_K", base: .Q6_K, fileType: 18), FormatMix(name: "Q5_K_M", base: .Q5_K, fileType: 17),
        FormatMix(name: "Q5_K_S", base: .Q5_K, fileType: 16), FormatMix(name: "Q4_K_M", base: .Q4_K, fileType: 15),
        FormatMix(name: "Q4_K_S", base: .Q4_K, fileType: 14), FormatMix(name: "Q3_K_L", base: .Q3_K, fileType: 13),
        FormatMix(name: "Q3_K_M", base: .Q3_K, fileType: 12), FormatMix(name: "Q3_K_S", base: .Q3_K, fileType: 11),
        FormatMix(name: "Q2_K", base: .Q2_K, fileType: 10),
    ]

    /// The format of one matrix. Where the embedding is the output matrix too, as in Gemma, it gets six bits.
    func format(of role: MatrixRole, layer: Int, in shape: SyntheticShape) -> TensorType {
        if role == .tokenEmbedding {
            return base.blockSize == 256 ? .Q6_K : base
        }
        return exception(role, layer, shape) ?? base
    }

    private func exception(_ role: MatrixRole, _ layer: Int, _ shape: SyntheticShape) -> TensorType? {
        let sharesValues = shape.heads / shape.kvHeads >= 4  // then the matrix is small and its errors weigh more
        switch (name, role) {
        case ("Q2_K", .value): return sharesValues ? .Q4_K : .Q3_K
        case ("Q2_K", .down), ("Q2_K", .attentionOutput): return .Q3_K
        case ("Q3_K_M", .value): return layer < 2 ? .Q5_K : .Q4_K
        case ("Q3_K_M", .down): return layer < shape.layers / 16 ? .Q5_K : .Q4_K
        case ("Q3_K_M", .attentionOutput): return .Q4_K
        case ("Q3_K_L", .value), ("Q3_K_L", .down), ("Q3_K_L", .attentionOutput): return .Q5_K
        case ("Q4_K_S", .value): return layer < 4 ? .Q5_K : nil
        case ("Q4_K_S", .down): return layer < shape.layers / 8 ? .Q5_K : nil
        case ("Q4_K_M", .value), ("Q4_K_M", .down), ("Q5_K_M", .value), ("Q5_K_M", .down):
            return isSensitive(layer, of: shape.layers) ? .Q6_K : nil
        default: return nil
        }
    }

    /// The first and the last eighth of the layers, and every third between.
    private func isSensitive(_ layer: Int, of layers: Int) -> Bool {
        let eighth = layers / 8
        return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2
    }
}
