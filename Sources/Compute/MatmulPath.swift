/// How a projection is computed.
public enum MatmulPath: String, Sendable, Codable, CaseIterable {
    /// Dequantize a panel of weights to Float, then sgemm on it: full precision, and for many positions the faster path
    /// of formats without tile kernels.
    case blas
    /// Dot products on the weights as they lie in the file: int8 activations for the quantized formats, Float for
    /// F32, F16 and BF16. The path of decode, and through tiles of the K formats' prefill.
    case quant
}
