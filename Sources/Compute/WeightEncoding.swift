internal import CKernels
public import GGUF

/// A format that weights can be encoded to.
public enum WeightEncoding: String, Sendable, CaseIterable {
    case F32, F16, BF16, Q4_0, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K

    /// nil for the tensor types that have no encoder.
    public init?(_ type: TensorType) { self.init(rawValue: type.name) }

    /// nil for F32, whose bytes are those of the floats.
    var code: carat_encoding? {
        switch self {
        case .F32: nil
        case .F16: CARAT_ENCODE_F16
        case .BF16: CARAT_ENCODE_BF16
        case .Q4_0: CARAT_ENCODE_Q4_0
        case .Q5_0: CARAT_ENCODE_Q5_0
        case .Q5_1: CARAT_ENCODE_Q5_1
        case .Q8_0: CARAT_ENCODE_Q8_0
        case .Q2_K: CARAT_ENCODE_Q2_K
        case .Q3_K: CARAT_ENCODE_Q3_K
        case .Q4_K: CARAT_ENCODE_Q4_K
        case .Q5_K: CARAT_ENCODE_Q5_K
        case .Q6_K: CARAT_ENCODE_Q6_K
        }
    }
}

/// How long the encoders look for scales.
public enum EncodingEffort: String, Sendable, CaseIterable {
    /// llama.cpp's search, with its bytes.
    case normal
    /// Smaller errors in blocks of the same size, at more time.
    case high
}
