/// How a projection is computed.
public enum MatmulPath: String, Sendable, CaseIterable {
    /// Dequantize a panel of weights to Float, then sgemm on it: full precision, best for many positions.
    case blas
    /// Dot products on the weights as they lie in the file: int8 activations for the quantized formats, Float for
    /// F32, F16 and BF16. Reads each weight once, so it is the path of decode.
    case quant
}
