/// Which paths a plan may choose from.
public enum PathPolicy: String, Sendable, CaseIterable {
    /// The faster path for each format and number of positions.
    case auto
    /// OpenBLAS for everything, decode included.
    case blas
    /// Dot products for everything, prefill included. One position then has the same bits alone and in any ubatch.
    case quant
}
