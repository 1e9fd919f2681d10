public import Compute

/// Which path computes a projection, by weight format and number of positions.
///
/// A plan is a value: made once from facts, printable, and never changed by timing noise.
public struct Plan: Sendable, Equatable {
    public let policy: PathPolicy
    /// Per weight format of the model: the fewest positions for the BLAS path; `Int.max` for never.
    public let crossovers: [WeightFormat: Int]

    /// - Parameters:
    ///   - formats: those of the model's projections.
    ///   - instructionSet: what the kernels run on.
    public init(
        policy: PathPolicy, formats: some Sequence<WeightFormat>,
        instructionSet: Kernels.InstructionSet = Kernels.best.instructionSet
    ) {
        self.policy = policy
        var crossovers: [WeightFormat: Int] = [:]
        for format in formats {
            crossovers[format] =
                switch policy {
                case .auto: PathCost(format, on: instructionSet).crossover ?? .max
                case .blas: 1
                case .quant: .max
                }
        }
        self.crossovers = crossovers
    }

    public func path(for format: WeightFormat, positions n: Int) -> MatmulPath {
        n >= crossovers[format] ?? .max ? .blas : .quant
    }
}

extension Plan: CustomStringConvertible {
    /// One line per format, for a reader.
    public var description: String {
        let lines = WeightFormat.allCases.compactMap { format -> String? in
            guard let crossover = crossovers[format] else { return nil }
            let name = format.rawValue.padded(to: 5)
            return switch crossover {
            case .max: "  \(name) dot products at every n"
            case ...1: "  \(name) sgemm at every n"
            default: "  \(name) dot products for n < \(crossover), sgemm from there on"
            }
        }
        return (["plan: path \(policy.rawValue); n = positions in one forward call"] + lines).joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
