/// What a plan may trade for speed.
public enum Precision: String, Sendable, Codable, CaseIterable {
    /// The fastest path whose error, measured on the model's own activations, stays within the budget.
    case auto
    /// OpenBLAS on dequantized weights for every prefill; the quantized kernels for single positions alone.
    case full
    /// The fastest path, whatever its error.
    case fast
}
