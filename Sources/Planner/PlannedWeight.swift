public import Compute

/// The part that a weight plays in the forward pass.
public enum WeightClass: String, Sendable, Codable, CaseIterable {
    case query, key, value, attentionOutput, gate, up, down, output

    /// Those of a layer, in the order of the forward pass.
    public static let ofLayer: [WeightClass] = [.query, .key, .value, .attentionOutput, .gate, .up, .down]

    /// Place within `allCases`.
    var number: Int {
        switch self {
        case .query: 0
        case .key: 1
        case .value: 2
        case .attentionOutput: 3
        case .gate: 4
        case .up: 5
        case .down: 6
        case .output: 7
        }
    }

    /// The first of the projections that share its input: it answers for making the input int8.
    var leader: WeightClass {
        switch self {
        case .query, .key, .value: .query
        case .gate, .up: .gate
        case .attentionOutput, .down, .output: self
        }
    }
}

/// What a plan needs to know of a weight. Shape: [rows, columns].
public struct PlannedWeight: Sendable, Codable, Hashable {
    /// nil for weights outside of the layers.
    public let layer: Int?
    public let weightClass: WeightClass
    public let format: WeightFormat
    public let rows: Int
    public let columns: Int

    public init(layer: Int?, _ weightClass: WeightClass, format: WeightFormat, rows: Int, columns: Int) {
        self.layer = layer
        self.weightClass = weightClass
        self.format = format
        self.rows = rows
        self.columns = columns
    }

    public init(layer: Int?, _ weightClass: WeightClass, _ weight: Weight) {
        self.init(layer: layer, weightClass, format: weight.format, rows: weight.rows, columns: weight.columns)
    }

    /// Rows that a thread takes at a time.
    func chunkRows(_ path: MatmulPath, positions n: Int, workers: Int, instructionSet: String) -> Int {
        switch path {
        case .blas: return min(Executor.panelRows, rows)
        case .quant:
            // the portable kernels alone have none
            let isTiled =
                format.activation == .int8x256 && instructionSet != Kernels.InstructionSet.portable.rawValue
            return Executor.dotChunkRows(
                format, columns: columns, rows: rows, positions: n, workers: workers, isTiled: isTiled)
        }
    }
}
