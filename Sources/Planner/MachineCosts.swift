public import Compute

/// What the operations of a forward pass cost on one machine with one instruction set, in seconds.
///
/// Every cost is given for one thread and for the team of `threads`; costs between are interpolated.
public struct MachineCosts: Sendable, Codable, Equatable {
    /// A cost with one thread and with all threads of the team.
    public struct Pair: Sendable, Codable, Equatable {
        public let one: Double
        public let team: Double

        public init(one: Double, team: Double) {
            self.one = one
            self.team = team
        }
    }

    /// Seconds per weight of one projection at ``MachineCosts/positions``.
    public struct Curve: Sendable, Codable, Equatable {
        public let points: [Pair]

        public init(_ points: [Pair]) { self.points = points }
    }

    public struct FormatCosts: Sendable, Codable, Equatable {
        public let quant: Curve
        public let blas: Curve

        public init(quant: Curve, blas: Curve) {
            self.quant = quant
            self.blas = blas
        }
    }

    /// Seconds per element of what is not a projection.
    public struct Elementwise: Sendable, Codable, Equatable {
        /// Making one activation int8.
        public let quantize: Pair
        public let norm: Pair
        public let geGLU: Pair
        public let add: Pair
        public let rotate: Pair
        /// Per multiply-accumulate of attention in prefill and in decode.
        public let attendPrefill: Pair
        public let attendDecode: Pair

        public init(
            quantize: Pair, norm: Pair, geGLU: Pair, add: Pair, rotate: Pair, attendPrefill: Pair, attendDecode: Pair
        ) {
            self.quantize = quantize
            self.norm = norm
            self.geGLU = geGLU
            self.add = add
            self.rotate = rotate
            self.attendPrefill = attendPrefill
            self.attendDecode = attendDecode
        }
    }

    /// The numbers of positions that projections are measured at.
    public static let positions = [1, 2, 4, 8, 16, 64, 512]

    /// False for the constants that are built in.
    public let isMeasured: Bool
    /// Whether all of the team was found running for every measurement; else some of its gains are assumed.
    public let isTeamMeasured: Bool
    /// How often that was tried in vain, over several starts.
    public private(set) var vainTries = 0
    /// Name of the instruction set.
    public let instructionSet: String
    /// Threads of the team.
    public let threads: Int
    /// By name of the weight format.
    public private(set) var formats: [String: FormatCosts]
    /// Bytes per second that one thread and the team read from memory, past the caches.
    public let readBandwidth: Pair
    /// Floating-point operations per second of sgemm.
    public let sgemmRate: Pair
    /// Seconds that projections of one input take beyond their work: until their first loads from memory have come, and
    /// with the team to start and end a parallel region.
    public let region: Pair
    /// Time of the team over that of one thread, where memory does not limit it.
    public let quantScaling: Double
    public let blasScaling: Double
    public let elementwise: Elementwise

    public init(
        isMeasured: Bool, isTeamMeasured: Bool, instructionSet: String, threads: Int, formats: [String: FormatCosts],
        readBandwidth: Pair, sgemmRate: Pair, region: Pair, quantScaling: Double, blasScaling: Double,
        elementwise: Elementwise
    ) {
        self.isMeasured = isMeasured
        self.isTeamMeasured = isTeamMeasured
        self.instructionSet = instructionSet
        self.threads = threads
        self.formats = formats
        self.readBandwidth = readBandwidth
        self.sgemmRate = sgemmRate
        self.region = region
        self.quantScaling = quantScaling
        self.blasScaling = blasScaling
        self.elementwise = elementwise
    }

    public func has(_ format: WeightFormat) -> Bool { formats[format.rawValue] != nil }
    public var knownFormats: Set<WeightFormat> { Set(formats.keys.compactMap { WeightFormat(rawValue: $0) }) }

    /// These costs and those of more formats.
    public func adding(_ more: [String: FormatCosts]) -> MachineCosts {
        var sum = self
        sum.formats.merge(more) { _, new in new }
        return sum
    }

    /// Whether they are to be kept as they are: the team was measured, or was too often found busy.
    public var isFinal: Bool { isTeamMeasured || vainTries >= Self.mostTries }

    private static let mostTries = 3

    /// These costs after another try.
    public var triedAgain: MachineCosts {
        var same = self
        same.vainTries += 1
        return same
    }

    /// Whether every number can be a cost: a stored file may hold anything. Within these bounds no prediction overflows
    /// or vanishes.
    public var isPlausible: Bool {
        let e = elementwise
        let costs =
            [e.quantize, e.norm, e.geGLU, e.add, e.rotate, e.attendPrefill, e.attendDecode]
            + formats.values.flatMap { $0.quant.points + $0.blas.points }
        return (1...Self.maxThreads).contains(threads) && (0...1000).contains(vainTries) && (0...1).contains(region.one)
            && (0...1).contains(region.team)
            && [quantScaling, blasScaling].allSatisfy { $0 >= Self.leastScaling && $0 <= 1 }
            && formats.values.allSatisfy {
                $0.quant.points.count == Self.positions.count && $0.blas.points.count == Self.positions.count
            }
            && [readBandwidth, sgemmRate].allSatisfy { Self.rates.contains($0.one) && Self.rates.contains($0.team) }
            && costs.allSatisfy { Self.unitSeconds.contains($0.one) && Self.unitSeconds.contains($0.team) }
    }

    private static let maxThreads = 65_536
    private static let leastScaling = 1 / Double(maxThreads)
    /// Bytes or operations per second, and seconds per weight or element: wide of any machine by orders of magnitude.
    private static let rates = 1e6...1e15
    private static let unitSeconds = 1e-15...1e-3
}

extension MachineCosts.Curve {
    /// The cost at `n` positions, linear between the measured ones and beyond the last.
    func cost(positions n: Int) -> MachineCosts.Pair {
        let measured = MachineCosts.positions
        let last = measured.count - 1
        let upper = measured.firstIndex { $0 >= n } ?? last
        guard measured[upper] != n, upper > 0 else { return points[upper] }
        let (a, b) = (points[upper - 1], points[upper])
        let part = Double(n - measured[upper - 1]) / Double(measured[upper] - measured[upper - 1])
        // past the end a falling line would reach zero: noise, not a cost
        return MachineCosts.Pair(
            one: max(a.one + (b.one - a.one) * part, min(a.one, b.one)),
            team: max(a.team + (b.team - a.team) * part, min(a.team, b.team)))
    }
}

extension MachineCosts {
    /// What an operation of this cost takes with `threads` threads: speed grows evenly from one to the team.
    func seconds(_ cost: Pair, threads: Int) -> Double {
        if threads <= 1 { return cost.one }
        if threads >= self.threads { return cost.team }
        let part = Double(threads - 1) / Double(self.threads - 1)
        return 1 / (1 / cost.one + (1 / cost.team - 1 / cost.one) * part)
    }
}
