package import Compute

/// The result of one kernel.
package struct KernelRecord: Sendable {
    package enum Path: String, Sendable, CaseIterable {
        /// Dot products or tiles on the weights as they are.
        case quantized = "quant"
        /// Dequantized panels, then sgemm.
        case blas
        /// Weights to Floats, without a product.
        case dequantize
        /// Activations to int8.
        case quantize
    }

    /// What bounds a kernel from above.
    package enum Bound: String, Sendable { case reads, compute }

    /// Of the weights, or of the activations where these are quantized.
    package let format: String
    package let instructionSet: Kernels.InstructionSet
    package let path: Path
    /// Positions; nil where the weights alone are the work.
    package let positions: Int?
    /// Rows and columns of the weights, or of the activations.
    package let rows: Int
    package let columns: Int
    package let threads: Int
    /// The fastest sample.
    package let seconds: Double
    /// Bytes of the weights, or of the activations as Floats.
    package let bytes: Int
    let usesIntegers: Bool
    let limits: MachineLimits

    package var bytesPerSecond: Double { Double(bytes) / seconds }
    /// nil where nothing is multiplied.
    package var multiplyAdds: Double? {
        path == .quantized || path == .blas ? positions.map { Double($0) * Double(rows) * Double(columns) } : nil
    }
    /// Of all threads, per second.
    package var multiplyAddRate: Double? { multiplyAdds.map { $0 / seconds } }
    /// Of one core.
    package var multiplyAddsPerCycle: Double? { multiplyAddRate.map { limits.perCycle($0) / Double(threads) } }
    /// Cycles of one core for each weight, or each activation.
    package var cyclesPerElement: Double { seconds * limits.clock * Double(threads) / (Double(rows) * Double(columns)) }
    /// Multiply-adds per byte of weights.
    package var intensity: Double? { multiplyAdds.map { $0 / Double(bytes) } }

    /// The most that this machine allows of this kernel, and what bounds it there; nil where no limit was measured.
    ///
    /// Multiply-adds per second: sgemm's rate on the BLAS path, else the peak of registers; and the read bandwidth times
    /// the intensity. For the dequantization of weights it is their bytes per second.
    package var limit: (rate: Double, bound: Bound)? {
        let reads = limits.readBandwidth[threads]
        if path == .dequantize { return reads.map { ($0, .reads) } }
        guard let reads, let intensity, let compute = computeRate else { return nil }
        guard reads * intensity < compute else { return (compute, .compute) }
        return (reads * intensity, .reads)
    }

    private var computeRate: Double? {
        if path == .blas { return limits.sgemmRate[threads] }
        return (usesIntegers ? limits.int8Rate : limits.floatRate).map { $0 * Double(threads) }
    }

    /// Part of the limit that was reached.
    package var limitShare: Double? {
        limit.map { (path == .dequantize ? bytesPerSecond : multiplyAddRate ?? 0) / $0.rate }
    }

    package var fields: [Field] {
        [
            Field("format", .string(format)),
            Field("isa", .string(instructionSet.rawValue)),
            Field("path", .string(path.rawValue)),
            Field("n", FieldValue(positions)),
            Field("rows", .integer(rows)),
            Field("columns", .integer(columns)),
            Field("n_threads", .integer(threads)),
            Field("min_ns", .integer(Int(seconds * 1e9))),
            Field("gb_s", .number(bytesPerSecond * 1e-9)),
            Field("mac_per_cycle", FieldValue(multiplyAddsPerCycle)),
            Field("cycles_per_element", .number(cyclesPerElement)),
            Field("gflop_s_equivalent", FieldValue(multiplyAddRate.map { 2e-9 * $0 })),
            Field("bound", FieldValue(limit.map(\.bound.rawValue))),
            Field("pct_of_limit", FieldValue(limitShare.map { 100 * $0 })),
        ]
    }
}
