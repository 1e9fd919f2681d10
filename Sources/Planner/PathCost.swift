public import Compute

/// Cycles of one core that each path takes, per weight of a projection, as a function of the positions n.
///
/// The figures were measured on a Zen 3 core with AVX2 (`Benchmarks/`). They are ratios between two paths on the same
/// core, which differ far less between machines than speeds do.
public struct PathCost: Sendable {
    /// Reading, unpacking and multiplying one weight by one position on the dot path.
    public let dotPerPosition: Double
    /// Turning one weight into a Float in a panel.
    public let dequantize: Double
    /// One multiply-accumulate of sgemm with many positions.
    public static let sgemmPerPosition = 1 / 14.0
    /// Cost of sgemm per weight that does not shrink with the positions: packing the panel and partly filled tiles.
    public static let sgemmPerWeight = 0.6

    public func dot(positions n: Int) -> Double { dotPerPosition * Double(n) }
    public func blas(positions n: Int) -> Double { dequantize + Self.sgemmPerWeight + Self.sgemmPerPosition * Double(n) }

    /// The fewest positions at which sgemm is the faster path; nil if it never is.
    public var crossover: Int? {
        let gain = dotPerPosition - Self.sgemmPerPosition
        guard gain > 0 else { return nil }
        return Int(((dequantize + Self.sgemmPerWeight) / gain).rounded(.down)) + 1
    }

    public init(_ format: WeightFormat) {
        (dotPerPosition, dequantize) =
            switch format {
            case .F32: (0.33, 0)
            case .F16: (0.17, 0.15)
            case .BF16: (0.17, 0.15)
            case .Q8_0: (0.10, 0.3)
            case .Q2_K: (0.10, 0.4)
            case .Q3_K: (0.13, 0.5)
            case .Q4_K: (0.09, 0.3)
            case .Q5_K: (0.11, 0.4)
            case .Q6_K: (0.12, 0.45)
            }
    }
}
