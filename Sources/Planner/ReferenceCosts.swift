public import Compute

extension MachineCosts {
    /// Costs of a Zen 3 core at 3.2 GHz, times two: what plans are made from where nothing was measured.
    ///
    /// Choices depend on ratios of costs on one core, which differ far less between machines than speeds do. Formats'
    /// costs are in cycles per weight, taken with rows of 2,048 weights.
    public static func reference(_ instructionSet: Kernels.InstructionSet) -> MachineCosts {
        var formats: [String: FormatCosts] = [:]
        for format in WeightFormat.allCases {
            let cycles = CyclesPerWeight(format, on: instructionSet)
            func curve(_ cost: (Int) -> Double) -> Curve { Curve(positions.map { pair(cycles: cost($0)) }) }
            formats[format.rawValue] = FormatCosts(
                quant: curve { max(cycles.quant(positions: $0), cycles.read) },
                blas: curve { max(cycles.blas(positions: $0), cycles.read) })
        }
        return MachineCosts(
            isMeasured: false, isTeamMeasured: false, instructionSet: instructionSet.rawValue, threads: 2,
            formats: formats, readBandwidth: Pair(one: 14e9, team: 25e9), sgemmRate: Pair(one: 90e9, team: 180e9),
            region: Pair(one: 1e-6, team: 3e-6),
            quantScaling: 0.5, blasScaling: 0.5,
            elementwise: Elementwise(
                quantize: pair(cycles: 1), norm: pair(cycles: 0.6), geGLU: pair(cycles: 4), add: pair(cycles: 0.4),
                rotate: pair(cycles: 1), attendPrefill: pair(cycles: 0.15), attendDecode: pair(cycles: 0.15)))
    }

    private static func pair(cycles: Double) -> Pair {
        Pair(one: cycles / 3.2e9, team: cycles / 3.2e9 / 2)
    }
}

/// Cycles of one core per weight, as a function of the positions n.
private struct CyclesPerWeight {
    /// Unpacking a weight and multiplying it by one position.
    private let dot: Double
    /// Turning a weight into a Float.
    private let dequantize: Double
    /// Unpacking a weight into a tile's panel, and multiplying it there by one position; nil without such a kernel.
    private let tile: (unpack: Double, perPosition: Double)?
    /// Reading it from memory, while the other core reads too.
    let read: Double

    /// A multiply-accumulate of sgemm with many positions.
    private static let sgemmPerPosition = 0.077
    /// What sgemm costs per weight at any n: packing the panel, and tiles that are not full.
    private static let sgemmPerWeight = 0.6
    /// Bytes per cycle.
    private static let bandwidth = 25.0 / 2 / 3.2

    func quant(positions n: Int) -> Double {
        let dots = dot * Double(n)
        guard let tile else { return dots }
        return min(dots, tile.unpack + tile.perPosition * Double(n))
    }

    func blas(positions n: Int) -> Double {
        dequantize + Self.sgemmPerWeight + Self.sgemmPerPosition * Double(n)
    }

    init(_ format: WeightFormat, on instructionSet: Kernels.InstructionSet) {
        read = Double(format.bytesPerRow(columns: 2048)) / 2048 / Self.bandwidth
        switch instructionSet {
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
        default:
            // AVX2's; other vector units have about the same ratio of integer to Float work
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
        }
    }
}
