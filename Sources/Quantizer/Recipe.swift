public import GGUF

/// What a quantized file is made of: one format, or one of the K-quant mixes, which spend more bits where errors cost
/// most.
///
/// Source: `llama_ftype` and `llama_tensor_get_type` of llama.cpp's quantizer, for dense models and those with experts;
/// exceptions for architectures that Carat does not run are left out.
public struct Recipe: Sendable, Equatable {
    /// As the user says it: `Q4_K_M`.
    public let name: String
    /// The format of most matrices.
    public let base: TensorType
    /// `general.file_type` of such files.
    public let fileType: UInt32
    public var edition = Edition.current

    /// The mixes have changed over time; files of each kind are around.
    public enum Edition: String, Sendable, CaseIterable {
        /// An embedding that is the output matrix too gets six bits.
        case current
        /// Before llama.cpp's change 5650 of February 2024 such an embedding got the format of most matrices: the first
        /// Gemma files are so.
        case early2024 = "2024"
    }

    public static let all = [
        Recipe(name: "Q2_K", base: .Q2_K, fileType: 10), Recipe(name: "Q3_K_S", base: .Q3_K, fileType: 11),
        Recipe(name: "Q3_K_M", base: .Q3_K, fileType: 12), Recipe(name: "Q3_K_L", base: .Q3_K, fileType: 13),
        Recipe(name: "Q4_K_S", base: .Q4_K, fileType: 14), Recipe(name: "Q4_K_M", base: .Q4_K, fileType: 15),
        Recipe(name: "Q5_K_S", base: .Q5_K, fileType: 16), Recipe(name: "Q5_K_M", base: .Q5_K, fileType: 17),
        Recipe(name: "Q6_K", base: .Q6_K, fileType: 18), Recipe(name: "Q8_0", base: .Q8_0, fileType: 7),
        Recipe(name: "F16", base: .F16, fileType: 1), Recipe(name: "BF16", base: .BF16, fileType: 32),
    ]

    /// The recipe of this name in any case; `Q4_K` is `Q4_K_M`, as for llama.cpp.
    ///
    /// Throws: ``QuantizerError/unknownRecipe(_:)``.
    public static func named(_ name: String) throws(QuantizerError) -> Recipe {
        let wanted = name.uppercased()
        guard let recipe = all.first(where: { $0.name == wanted || $0.name == wanted + "_M" }) else {
            throw .unknownRecipe(name)
        }
        return recipe
    }

    var isQuantized: Bool { base.blockSize > 1 }
}
