public import Compute

/// Which path computes each weight at each number of positions, on how many threads, and why.
///
/// A pure function of facts: it takes no clock and opens no file, so the same facts give the same plan. Choices are made
/// per bucket of positions; predictions are made for any number.
public struct Plan: Sendable, Codable, Equatable {
    public struct Choice: Sendable, Codable, Equatable {
        public let path: MatmulPath
        public let threads: Int

        public init(path: MatmulPath, threads: Int) {
            self.path = path
            self.threads = threads
        }
    }

    /// Why a path was chosen.
    public enum Reason: String, Sendable, Codable {
        /// The faster one on one core, where error does not count or both are exact.
        case faster
        /// The faster one on one core, and its error stays within the budget.
        case withinBudget
        /// sgemm, because the quantized path's error would exceed the budget.
        case overBudget
        /// sgemm, because full precision is asked for.
        case fullPrecision
        /// A single position is computed by the quantized kernels in every precision.
        case singlePosition
        /// One path for everything, as the plan's maker wants it.
        case uniform
    }

    public let precision: Precision
    /// Largest relative rms error of a projection's output that `auto` accepts.
    public let errorBudget: Double
    /// Threads for single positions and for more.
    public let threads: Int
    public let prefillThreads: Int
    public let weights: [PlannedWeight]
    /// Of each weight: relative rms error of its quantized path; nil where nothing is known of it.
    public let errors: [Double?]
    public let costs: MachineCosts

    /// For all weights of layer 0, then of layer 1 and so on, then for the output: a choice per bucket.
    private var choices: [Choice]
    private var reasons: [Reason]
    /// Where the choices of the weights outside of layers begin.
    private let layerCount: Int
    let uniform: MatmulPath?

    /// The error that `auto` accepts where no other budget is given.
    ///
    /// Three times what int8 activations give for Gaussian input, so that the heavier tails of trained layers pass; a
    /// layer with one activation of 256 at 11 sigma reaches it. In quadrature it adds a thirteenth to the 5 % that
    /// Q4_K itself puts on a weight.
    public static let defaultErrorBudget = 0.02

    /// - Parameters:
    ///   - weights: the projections of the model, each layer's and the output.
    ///   - threads: for single positions; `prefillThreads` for more.
    public init(
        weights: [PlannedWeight], costs: MachineCosts, errors: ErrorTable = .unmeasured, precision: Precision = .auto,
        errorBudget: Double = defaultErrorBudget, threads: Int, prefillThreads: Int
    ) {
        self.init(
            weights: weights, costs: costs, errors: Self.resolve(errors, for: weights), precision: precision,
            errorBudget: errorBudget, threads: threads, prefillThreads: prefillThreads, uniform: nil)
        for (index, weight) in weights.enumerated() {
            for bucket in PositionBucket.all {
                let decision = decide(index, positions: bucket.typical)
                let place = place(weight.layer, weight.weightClass, bucket)
                choices[place] = decision.choice
                reasons[place] = decision.reason
            }
        }
    }

    private init(
        weights: [PlannedWeight], costs: MachineCosts, errors: [Double?], precision: Precision, errorBudget: Double,
        threads: Int, prefillThreads: Int, uniform: MatmulPath?
    ) {
        self.weights = weights
        self.costs = costs
        self.errors = errors
        self.precision = precision
        self.errorBudget = errorBudget
        self.threads = threads
        self.prefillThreads = prefillThreads
        self.uniform = uniform
        layerCount = (weights.compactMap(\.layer).max() ?? -1) + 1
        let places = (layerCount * WeightClass.ofLayer.count + 1) * PositionBucket.count
        choices = Array(repeating: Choice(path: uniform ?? .quant, threads: .max), count: places)
        reasons = Array(repeating: uniform == nil ? .faster : .uniform, count: places)
    }

    /// A plan that takes `path` for every weight and number of positions, with all threads: for tests and measuring.
    package static func uniform(_ path: MatmulPath) -> Plan {
        Plan(
            weights: [], costs: .reference(.portable), errors: [], precision: path == .blas ? .full : .fast,
            errorBudget: defaultErrorBudget, threads: .max, prefillThreads: .max, uniform: path)
    }

    /// The choice for a weight and `n` positions in one forward call. Complexity: O(1), without allocation.
    public func choice(layer: Int?, _ weightClass: WeightClass, positions n: Int) -> Choice {
        if let uniform { return Choice(path: uniform, threads: .max) }
        return choices[place(layer, weightClass, PositionBucket(n))]
    }

    /// Whether any weight takes sgemm at some number of positions of at most `positions`.
    package func usesBLAS(upTo positions: Int) -> Bool {
        uniform == .blas
            || weights.contains { weight in
                PositionBucket.all.contains { bucket in
                    let n = bucket.lowerBound
                    return n <= positions && choice(layer: weight.layer, weight.weightClass, positions: n).path == .blas
                }
            }
    }

    /// Whether a weight takes sgemm for `n` positions.
    public func usesBLAS(at n: Int) -> Bool {
        weights.contains { choice(layer: $0.layer, $0.weightClass, positions: n).path == .blas }
    }

    /// Whether every weight takes the same path for `n` positions as for `m`.
    public func hasSamePaths(_ n: Int, _ m: Int) -> Bool {
        weights.allSatisfy {
            choice(layer: $0.layer, $0.weightClass, positions: n).path
                == choice(layer: $0.layer, $0.weightClass, positions: m).path
        }
    }

    public func reason(layer: Int?, _ weightClass: WeightClass, positions n: Int) -> Reason {
        uniform == nil ? reasons[place(layer, weightClass, PositionBucket(n))] : .uniform
    }

    private func place(_ layer: Int?, _ weightClass: WeightClass, _ bucket: PositionBucket) -> Int {
        let row = layer.map { $0 * WeightClass.ofLayer.count + weightClass.number }
        return (row ?? layerCount * WeightClass.ofLayer.count) * PositionBucket.count + bucket.index
    }

    private static func resolve(_ table: ErrorTable, for weights: [PlannedWeight]) -> [Double?] {
        struct Key: Hashable {
            let layer: Int?
            let weightClass: WeightClass
        }
        let pairs = table.entries.map { (Key(layer: $0.layer, weightClass: $0.weightClass), $0.error) }
        let known = Dictionary(pairs) { _, new in new }
        return weights.map { known[Key(layer: $0.layer, weightClass: $0.weightClass)] }
    }
}

extension Plan {
    /// A path with its predicted time.
    public struct Option: Sendable, Equatable {
        public let path: MatmulPath
        public let threads: Int
        public let seconds: Double
    }

    /// The error that the quantized path has for weight `index`: none for Float weights, which are multiplied as Floats.
    public func error(of index: Int) -> Double {
        weights[index].format.activation == .float ? 0 : errors[index] ?? ErrorTable.typical
    }

    /// Threads that `n` positions may have.
    func threadLimit(positions n: Int) -> Int { n == 1 ? threads : prefillThreads }

    /// Both paths for weight `index` at `n` positions, each with the number of threads that suits it best.
    public func options(of index: Int, positions n: Int) -> [Option] {
        let weight = weights[index]
        let limit = threadLimit(positions: n)
        return MatmulPath.allCases.compactMap { path in
            let work = [MachineCosts.Work(weight: weight, path: path)]
            return (limit > 1 ? [limit, 1] : [1]).map { threads in
                let seconds = costs.seconds(of: work, positions: n, threads: threads)
                return Option(path: path, threads: threads, seconds: seconds)
            }.min { $0.seconds < $1.seconds }
        }
    }

    /// The faster path on one thread. Threads have no say in it: with more of them the result is the same, bit for bit.
    private func fastest(of index: Int, positions n: Int) -> MatmulPath {
        let weight = weights[index]
        func seconds(_ path: MatmulPath) -> Double {
            costs.seconds(
                of: [MachineCosts.Work(weight: weight, path: path)], positions: n, threads: 1,
                quantizesInput: weight.weightClass.leader == weight.weightClass)
        }
        // where both wait for memory they are equal but for rounding
        return seconds(.blas) < seconds(.quant) * (1 - 1e-9) ? .blas : .quant
    }

    private func decide(_ index: Int, positions n: Int) -> (choice: Choice, reason: Reason) {
        let options = options(of: index, positions: n)
        func take(_ path: MatmulPath, _ reason: Reason) -> (Choice, Reason) {
            let threads = options.first { $0.path == path }?.threads ?? threadLimit(positions: n)
            return (Choice(path: path, threads: threads), reason)
        }
        let fastest = fastest(of: index, positions: n)
        switch precision {
        case .full: return n == 1 ? take(.quant, .singlePosition) : take(.blas, .fullPrecision)
        case .fast: return take(fastest, .faster)
        case .auto:
            let error = error(of: index)
            if error == 0 || fastest == .blas { return take(fastest, .faster) }
            if error <= errorBudget { return take(fastest, .withinBudget) }
            return n == 1 ? take(.quant, .singlePosition) : take(.blas, .overBudget)
        }
    }

    /// The fewest positions, of those up to 4096, at which sgemm is the faster path of weight `index`; nil if it never is.
    public func crossover(of index: Int) -> Int? {
        (Array(2...64) + Array(stride(from: 72, through: 4096, by: 8))).first {
            fastest(of: index, positions: $0) == .blas
        }
    }
}
