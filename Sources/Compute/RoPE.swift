internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Rotary position embedding in the NEOX order: the pair of number i is number i + dim/2 of the same head.
///
/// Source: Su et al. 2021, RoFormer. The angles are formed in Double: position times frequency reaches thousands of
/// turns, where Float would lose the fraction.
public struct RoPE: Sendable {
    public let headDim: Int
    private let frequencies: [Double]  // radians per position, [headDim / 2]

    public init(headDim: Int, base: Float) {
        precondition(headDim > 0 && headDim % 2 == 0, "a head of \(headDim) has no pairs")
        self.headDim = headDim
        frequencies = (0..<headDim / 2).map { pow(Double(base), -2 * Double($0) / Double(headDim)) }
    }

    /// Cosines, then sines, of one position: [headDim].
    func fill(_ row: UnsafeMutablePointer<Float>, position: Int) {
        for (i, frequency) in frequencies.enumerated() {
            let angle = Double(position) * frequency
            row[i] = Float(cos(angle))
            row[headDim / 2 + i] = Float(sin(angle))
        }
    }
}

extension Executor {
    /// Row i = the cosines, then the sines, of the position that row i of the batch has; all layers share them.
    public func fillAngles(_ rope: RoPE, batch: Batch, into angles: Matrix) {
        precondition(angles.columns == rope.headDim && batch.rows <= angles.rowCapacity, "fillAngles: shape")
        forEach(batch.rows) { row in rope.fill(angles.row(row), position: batch.positions[row]) }
    }

    /// Rotates every head of each row of x; x: [rows, heads * headDim].
    public func rotate(_ x: Matrix, angles: Matrix, rows: Int, scale: Float = 1) {
        let dim = angles.columns
        precondition(x.columns % dim == 0 && rows <= x.rowCapacity, "rotate: \(x.columns) columns in heads of \(dim)")
        let rope = kernels.table.pointee.rope
        forEach(rows, numbers: rows * x.columns) { row in
            let angle = angles.row(row)
            for head in 0..<x.columns / dim {
                let base = x.row(row) + head * dim
                rope(base, angle, angle + dim / 2, dim)
                if scale != 1 { for i in 0..<dim { base[i] *= scale } }
            }
        }
    }
}
