internal import CKernels
public import GGUF

/// A weight format that Carat computes with.
public enum WeightFormat: String, Sendable, Codable, CaseIterable {
    case F32, F16, BF16, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K

    /// nil for the tensor types that are only known by name.
    public init?(_ type: TensorType) {
        self.init(rawValue: type.name)
    }

    /// What the dot kernels of this format multiply with.
    public var activation: ActivationFormat {
        switch self {
        case .F32, .F16, .BF16: .float
        case .Q8_0: .int8x32
        case .Q2_K, .Q3_K, .Q4_K, .Q5_K, .Q6_K: .int8x256
        }
    }

    /// Weights that share a scale block; rows are a whole number of them long.
    public var blockSize: Int {
        switch activation {
        case .float: 1
        case .int8x32: 32
        case .int8x256: 256
        }
    }

    /// Bytes of a row of `columns` weights.
    package func bytesPerRow(columns: Int) -> Int {
        guard let type = TensorType.all.first(where: { $0.name == rawValue }) else {
            preconditionFailure("\(rawValue) is no tensor type")
        }
        return columns / type.blockSize * type.bytesPerBlock
    }

    var code: carat_format {
        switch self {
        case .F32: CARAT_F32
        case .F16: CARAT_F16
        case .BF16: CARAT_BF16
        case .Q8_0: CARAT_Q8_0
        case .Q2_K: CARAT_Q2_K
        case .Q3_K: CARAT_Q3_K
        case .Q4_K: CARAT_Q4_K
        case .Q5_K: CARAT_Q5_K
        case .Q6_K: CARAT_Q6_K
        }
    }
}

/// How the input of a projection is given to the dot kernels.
public enum ActivationFormat: Sendable, CaseIterable {
    /// As it is.
    case float
    /// int8 codes under one Float scale per 32.
    case int8x32
    /// int8 codes under one Float scale per 256, with sums per 16.
    case int8x256
}
