/// How the elements of a tensor are stored: one of the ggml types that a GGUF file may name.
///
/// A value is always a type of known size. Ids that ggml has withdrawn, and ids that are not known, give `nil`
/// from ``init(rawValue:)``; ``removedName(rawValue:)`` tells the two apart.
///
/// Source: `ggml_type` in ggml.h and the block structs in ggml-common.h.
public struct TensorType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The id in the file.
    public let rawValue: UInt32

    public init?(rawValue: UInt32) {
        guard Self.traits(of: rawValue) != nil else { return nil }
        self.rawValue = rawValue
    }

    private init(_ rawValue: UInt32) { self.rawValue = rawValue }

    public static let F32 = TensorType(0)
    public static let F16 = TensorType(1)
    public static let Q4_0 = TensorType(2)
    public static let Q4_1 = TensorType(3)
    public static let Q5_0 = TensorType(6)
    public static let Q5_1 = TensorType(7)
    public static let Q8_0 = TensorType(8)
    public static let Q8_1 = TensorType(9)
    public static let Q2_K = TensorType(10)
    public static let Q3_K = TensorType(11)
    public static let Q4_K = TensorType(12)
    public static let Q5_K = TensorType(13)
    public static let Q6_K = TensorType(14)
    public static let Q8_K = TensorType(15)
    public static let IQ2_XXS = TensorType(16)
    public static let IQ2_XS = TensorType(17)
    public static let IQ3_XXS = TensorType(18)
    public static let IQ1_S = TensorType(19)
    public static let IQ4_NL = TensorType(20)
    public static let IQ3_S = TensorType(21)
    public static let IQ2_S = TensorType(22)
    public static let IQ4_XS = TensorType(23)
    public static let I8 = TensorType(24)
    public static let I16 = TensorType(25)
    public static let I32 = TensorType(26)
    public static let I64 = TensorType(27)
    public static let F64 = TensorType(28)
    public static let IQ1_M = TensorType(29)
    public static let BF16 = TensorType(30)
    public static let TQ1_0 = TensorType(34)
    public static let TQ2_0 = TensorType(35)
    public static let MXFP4 = TensorType(39)
    public static let NVFP4 = TensorType(40)
    public static let Q1_0 = TensorType(41)
    public static let Q2_0 = TensorType(42)

    /// Every known type, by id.
    public static let all: [TensorType] = table.indices.compactMap { TensorType(rawValue: UInt32($0)) }

    /// The name as ggml writes it, in capitals: `Q4_K`.
    public var name: String { traits.name }

    /// Elements in one block; 1 for the plain number types.
    public var blockSize: Int { traits.elements }

    /// Bytes of one block.
    public var bytesPerBlock: Int { traits.bytes }

    /// Whether Carat has kernels for this type. The other types can be listed and copied, not run.
    public var isComputable: Bool {
        switch self {
        case .F32, .F16, .BF16, .Q8_0, .Q2_K, .Q3_K, .Q4_K, .Q5_K, .Q6_K: true
        default: false
        }
    }

    public var description: String { name }

    /// The name that an id had before ggml withdrew it, or nil.
    public static func removedName(rawValue: UInt32) -> String? {
        switch rawValue {
        case 4: "Q4_2"
        case 5: "Q4_3"
        case 31: "Q4_0_4_4"
        case 32: "Q4_0_4_8"
        case 33: "Q4_0_8_8"
        case 36: "IQ4_NL_4_4"
        case 37: "IQ4_NL_4_8"
        case 38: "IQ4_NL_8_8"
        default: nil
        }
    }

    /// The type of this name in any case (`q4_k`, `Q4_K`), or nil.
    public static func named(_ name: String) -> TensorType? {
        let wanted = name.uppercased()
        return all.first { $0.name == wanted }
    }
}

extension TensorType {
    private struct Traits: Sendable {
        let name: String
        let elements: Int
        let bytes: Int
    }

    private var traits: Traits {
        guard let traits = Self.traits(of: rawValue) else {
            preconditionFailure("TensorType \(rawValue) has no row in the table")
        }
        return traits
    }

    private static func traits(of rawValue: UInt32) -> Traits? {
        guard let index = Int(exactly: rawValue), index < table.count else { return nil }
        return table[index]
    }

    private static func row(_ name: String, _ elements: Int, _ bytes: Int) -> Traits {
        Traits(name: name, elements: elements, bytes: bytes)
    }

    /// Indexed by id; nil where ggml has withdrawn the type.
    private static let table: [Traits?] = [
        row("F32", 1, 4), row("F16", 1, 2), row("Q4_0", 32, 18), row("Q4_1", 32, 20), nil, nil,
        row("Q5_0", 32, 22), row("Q5_1", 32, 24), row("Q8_0", 32, 34), row("Q8_1", 32, 36),
        row("Q2_K", 256, 84), row("Q3_K", 256, 110), row("Q4_K", 256, 144), row("Q5_K", 256, 176),
        row("Q6_K", 256, 210), row("Q8_K", 256, 292), row("IQ2_XXS", 256, 66), row("IQ2_XS", 256, 74),
        row("IQ3_XXS", 256, 98), row("IQ1_S", 256, 50), row("IQ4_NL", 32, 18), row("IQ3_S", 256, 110),
        row("IQ2_S", 256, 82), row("IQ4_XS", 256, 136), row("I8", 1, 1), row("I16", 1, 2), row("I32", 1, 4),
        row("I64", 1, 8), row("F64", 1, 8), row("IQ1_M", 256, 56), row("BF16", 1, 2), nil, nil, nil,
        row("TQ1_0", 256, 54), row("TQ2_0", 256, 66), nil, nil, nil, row("MXFP4", 32, 17), row("NVFP4", 64, 36),
        row("Q1_0", 128, 18), row("Q2_0", 64, 18),
    ]
}
