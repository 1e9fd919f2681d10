public import Compute

/// Cycles of one core that each path takes for a weight, as a function of the positions n.
///
/// Measured on a Zen 3 core with rows of 2,048 weights in L2; `make bench` measures the same on another machine. Only
/// the ratio of two paths on the same core matters here, and it differs far less between machines than speeds do.
public struct PathCost: Sendable {
    /// Unpacking a weight and multiplying it by one position.
    private let dot: Double
    /// Turning a weight into a Float.
    private let dequantize: Double
    /// Unpacking a weight into a tile's panel, and multiplying it there by one position; nil without such a kernel.
    private let tile: (unpack: Double, perPosition: Double)?

    /// A multiply-accumulate of sgemm with many positions.
    private static let sgemmPerPosition = 0.077
    /// What sgemm costs per weight at any n: packing the panel, and tiles that are not full.
    private static let sgemmPerWeight = 0.6
    private static let largestN = 4096

    public func quant(positions n: Int) -> Double {
        let dots = dot * Double(n)
        guard let tile, n >= Executor.tilePositions else { return dots }
        return tile.unpack + tile.perPosition * Double(n)
    }

    public func blas(positions n: Int) -> Double {
        dequantize + Self.sgemmPerWeight + Self.sgemmPerPosition * Double(n)
    }

    /// The fewest positions at which sgemm is the faster path; nil if it never is.
    public var crossover: Int? {
        (1...Self.largestN).first { blas(positions: $0) < quant(positions: $0) }
    }

    public init(_ format: WeightFormat, on instructionSet: Kernels.InstructionSet) {
        switch instructionSet {
        // Wider vectors and dot product instructions speed sgemm and tiles up alike; only AVX2 was measured.
        case .avx2, .avxvnni, .avx512vnni, .neon:
            (dot, dequantize) =
                switch format {
                case .F32: (0.18, 0)
                case .F16: (0.18, 0.23)
                case .BF16: (0.19, 0.29)
                case .Q8_0: (0.113, 0.39)
                case .Q2_K: (0.084, 0.33)
                case .Q3_K: (0.133, 0.40)
                case .Q4_K: (0.078, 0.34)
                case .Q5_K: (0.113, 0.42)
                case .Q6_K: (0.129, 0.38)
                }
            tile = format.activation == .int8x256 ? (format == .Q3_K ? 0.7 : 0.4, 1 / 27.0) : nil
        case .portable:
            (dot, dequantize) =
                switch format {
                case .F32: (0.47, 0)
                case .F16: (1.95, 1.6)
                case .BF16: (0.50, 0.28)
                case .Q8_0: (1.01, 0.53)
                case .Q2_K: (0.68, 2.4)
                case .Q3_K: (1.00, 2.7)
                case .Q4_K: (0.61, 2.3)
                case .Q5_K: (0.64, 2.3)
                case .Q6_K: (0.62, 2.3)
                }
            tile = nil
        }
    }
}
