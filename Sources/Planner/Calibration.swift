public import Compute
internal import GGUF

/// Measures what the operations of a forward pass cost on this machine, in about a tenth of a second.
///
/// It runs the real `Executor.project` on weights in memory that are larger than the caches, a window after another, so
/// that reading from memory is part of every cost. Costs of one thread are its CPU time, the least of several short
/// samples: other processes hardly matter. How much faster the team is takes both ends of a sample to find all threads
/// running; on a machine too busy for that, what cores usually give is assumed.
public struct Calibration {
    /// One thread, which takes as many rows at a time as it would of a large weight.
    let solo: Executor
    let team: Executor
    let threads: Int
    let clock = ContinuousClock()
    /// Weights of every format: bytes 0x11 are finite numbers in each.
    private let pool: FileBytes
    private var poolOffset = 0
    let input = Matrix(rows: largest, columns: columns)
    private var outputs: [Int: Matrix] = [:]
    /// Whether every sample of the team found its threads running.
    var isTeamMeasured = true

    static let columns = 2048
    static let poolBytes = 48 << 20
    static let largest = 512

    /// - Parameter threads: of the team, as many as the program will use.
    public init(kernels: Kernels, threads: Int) {
        solo = Executor(threads: 1, kernels: kernels)
        team = Executor(threads: threads, kernels: kernels)
        self.threads = threads
        pool = FileBytes(repeating: 0x11, count: Self.poolBytes)
        for row in 0..<Self.largest { input[row: row] = Self.wave }
    }

    /// Some input: its values do not change the time.
    private static let wave = (0..<columns).map { Float($0 % 37 - 18) / 9 }

    /// All costs, of projections for `formats` only.
    public mutating func costs(of formats: some Collection<WeightFormat>) -> MachineCosts {
        isTeamMeasured = true
        let scaling = scaling(formats)
        let region = region()
        let quantize = quantize(scaling.quant, region: region.team)
        let measured = self.formats(formats, scaling: scaling, quantize: quantize)
        return MachineCosts(
            isMeasured: true, isTeamMeasured: isTeamMeasured,
            instructionSet: solo.kernels.instructionSet.rawValue, threads: threads, formats: measured,
            readBandwidth: scaling.bandwidth, sgemmRate: sgemmRate(scaling), region: region,
            quantScaling: scaling.quant, blasScaling: scaling.blas,
            elementwise: elementwise(quantize: quantize, scaling: scaling.quant))
    }

    /// The costs of more formats, for a machine that is known already.
    public mutating func costs(of formats: some Collection<WeightFormat>, knowing costs: MachineCosts) -> MachineCosts {
        let scaling = Scaling(bandwidth: costs.readBandwidth, quant: costs.quantScaling, blas: costs.blasScaling)
        // where the team can't be measured, it gains what it gains with other formats
        return costs.adding(self.formats(formats, scaling: scaling, quantize: costs.elementwise.quantize))
    }

    // MARK: - One thread

    private mutating func formats(
        _ formats: some Collection<WeightFormat>, scaling: Scaling, quantize: MachineCosts.Pair
    ) -> [String: MachineCosts.FormatCosts] {
        // The multiplication of the BLAS path is the same for all formats: measured once in full, then one point each.
        let anchor = MachineCosts.positions.firstIndex(of: Self.anchorPositions) ?? 0
        var shared: [Double]?
        var result: [String: MachineCosts.FormatCosts] = [:]
        for format in formats.sorted(by: { $0.rawValue < $1.rawValue }) {
            let quant = MachineCosts.positions.map {
                self.quant(format, positions: $0, quantize: quantize, scaling: scaling)
            }
            let blas: [Double]
            if let shared {
                let own = self.blas(format, positions: Self.anchorPositions)
                blas = shared.map { max($0 + own - shared[anchor], own / 4) }
            } else {
                blas = MachineCosts.positions.map { self.blas(format, positions: $0) }
                shared = blas
            }
            let read = Self.bytesPerWeight(format) / scaling.bandwidth.team
            result[format.rawValue] = MachineCosts.FormatCosts(
                quant: MachineCosts.Curve(quant),
                blas: MachineCosts.Curve(blas.map { .init(one: $0, team: max($0 * scaling.blas, read)) }))
        }
        return result
    }

    private static let anchorPositions = 4

    /// Seconds per weight of the quantized path, its input's quantization taken off.
    ///
    /// Samples have as many rows as fit their time: the error of that subtraction is then small, and chunks are as long
    /// as those of a model's weights, which memory delivers faster than short ones. With few positions memory may limit
    /// the team, so it is measured too; with many it gains what it gains elsewhere.
    private mutating func quant(
        _ format: WeightFormat, positions n: Int, quantize: MachineCosts.Pair, scaling: Scaling
    ) -> MachineCosts.Pair {
        let elements = format.activation == .float ? 0 : Double(n * Self.columns)
        func perWeight(_ seconds: Double, _ rows: Int, _ quantize: Double) -> Double {
            max(seconds - quantize * elements, seconds / 4) / Double(rows * Self.columns)
        }
        // the second sample: the first one takes memory, and its code comes from the file
        let few = sample(format, rows: Self.leastRows, positions: n, samples: 2)
        var one = perWeight(few, Self.leastRows, quantize.one)
        let rows = rows(format, costing: one)
        if few < Self.slowSample {
            one = perWeight(sample(format, rows: rows, positions: n, samples: 3), rows, quantize.one)
        }
        if n <= Self.sharedPositions, threads > 1,
            let all = teamSeconds(format, .quant, rows: rows * threads, positions: n, samples: 5)
        {
            let team = perWeight(all, rows * threads, n > 1 ? quantize.team : quantize.one)
            return .init(one: one, team: min(max(team, one / Double(threads)), one))
        }
        return .init(one: one, team: max(one * scaling.quant, Self.bytesPerWeight(format) / scaling.bandwidth.team))
    }

    private static let leastRows = 64
    /// Up to so many positions, what the team gains depends on the format.
    private static let sharedPositions = 64
    private static let slowSample = 3e-3
    static let sampleSeconds = 0.3e-3

    /// Rows of a sample of weights that cost `one` seconds each: enough for whole chunks, if there is time for them.
    func rows(_ format: WeightFormat, costing one: Double, seconds: Double = sampleSeconds) -> Int {
        let perRow = one * Double(Self.columns)
        let most = Self.poolBytes / 8 / threads / format.bytesPerRow(columns: Self.columns)
        let fitting = Int(min(seconds / perRow, 1e6))
        let chunks = perRow * 256 < Self.slowSample / 2 ? 256 : Self.leastRows
        return max(min(max(fitting, chunks), most) / Self.leastRows, 1) * Self.leastRows
    }

    private static func bytesPerWeight(_ format: WeightFormat) -> Double {
        Double(format.bytesPerRow(columns: columns)) / Double(columns)
    }

    /// Seconds of a projection on one thread, the least of some.
    mutating func sample(
        _ format: WeightFormat, _ path: MatmulPath = .quant, rows: Int, positions n: Int, samples: Int
    ) -> Double {
        let output = output(columns: rows, positions: n)
        return (0..<samples).reduce(.infinity) { best, _ in
            let projection = Projection(window(format, rows: rows), to: output, path: path)
            return min(best, cpuSeconds { solo.project(input, rows: n, projection) })
        }
    }

    private mutating func blas(_ format: WeightFormat, positions n: Int) -> Double {
        perWeight(format, .blas, rows: Executor.panelRows, positions: n, samples: n <= 64 ? 3 : 2)
    }

    mutating func perWeight(
        _ format: WeightFormat, _ path: MatmulPath, rows: Int, positions n: Int, samples: Int
    ) -> Double {
        sample(format, path, rows: rows, positions: n, samples: samples) / Double(rows * Self.columns)
    }

    /// Seconds to make one activation int8: what a projection with few rows needs beyond what its rows explain.
    ///
    /// As many positions as a ubatch has: they come from beyond the nearer caches, and the team passes them on between
    /// its cores.
    private mutating func quantize(_ scaling: Double, region: Double) -> MachineCosts.Pair {
        let elements = Double(Self.largest * Self.columns)
        /// Seconds without rows, from those of some and of four times as many.
        func fixed(_ few: Double, _ many: Double) -> Double { max(few - (many - few) / 3, few / 20) }
        let one = fixed(
            sample(.Q4_K, rows: 16, positions: Self.largest, samples: 5),
            sample(.Q4_K, rows: 64, positions: Self.largest, samples: 5))
        guard threads > 1,
            let few = teamSeconds(.Q4_K, .quant, rows: 16 * threads, positions: Self.largest),
            let many = teamSeconds(.Q4_K, .quant, rows: 64 * threads, positions: Self.largest)
        else { return .init(one: one / elements, team: one * scaling / elements) }
        let team = min(max(fixed(few, many) - 2 * region, one / Double(threads)), one)
        return .init(one: one / elements, team: team / elements)
    }

    /// The next window of the pool: by the time it comes round again, it has left the caches.
    mutating func window(_ format: WeightFormat, rows: Int) -> Weight {
        let bytes = rows * format.bytesPerRow(columns: Self.columns)
        if poolOffset + bytes > Self.poolBytes { poolOffset = 0 }
        defer { poolOffset += (bytes + 63) / 64 * 64 }
        return Weight(
            name: "calibration", format, rows: rows, columns: Self.columns, in: pool, offset: poolOffset)
    }

    mutating func output(columns: Int, positions n: Int) -> Matrix {
        if let known = outputs[columns], known.rowCapacity >= n { return known }
        let matrix = Matrix(rows: n, columns: columns)
        outputs[columns] = matrix
        return matrix
    }

    /// Floating-point operations per second, from the difference of two numbers of positions: without dequantizing.
    private mutating func sgemmRate(_ scaling: Scaling) -> MachineCosts.Pair {
        let few = perWeight(.F32, .blas, rows: Executor.panelRows / 2, positions: 64, samples: 3)
        let many = perWeight(.F32, .blas, rows: Executor.panelRows / 2, positions: 192, samples: 3)
        let one = 2 * 128 / max(many - few, many / 4)
        return MachineCosts.Pair(one: one, team: one / scaling.blas)
    }

    private mutating func elementwise(
        quantize: MachineCosts.Pair, scaling: Double
    ) -> MachineCosts.Elementwise {
        let n = 64
        let (a, b) = (Matrix(rows: n, columns: Self.columns), Matrix(rows: n, columns: Self.columns))
        for row in 0..<n {
            a[row: row] = Self.wave
            b[row: row] = Self.wave
        }
        let scale = Vector(Self.wave)
        let angles = Matrix(rows: n, columns: Self.headDim)
        func pair(_ one: Double) -> MachineCosts.Pair { MachineCosts.Pair(one: one, team: one * scaling) }
        func cost(_ body: () -> Void) -> MachineCosts.Pair {
            pair((0..<5).reduce(.infinity) { best, _ in min(best, cpuSeconds(body)) } / Double(n * Self.columns))
        }
        let norm = cost { solo.rmsNorm(a, weight: scale, epsilon: 1e-6, rows: n, into: b) }
        let geGLU = cost { solo.geGLU(gate: b, up: a, rows: n) }
        // before `add`, whose sums grow
        let rotate = cost { solo.rotate(a, angles: angles, rows: n) }
        let add = cost { solo.add(a, to: b, rows: n) }
        return MachineCosts.Elementwise(
            quantize: quantize, norm: norm, geGLU: geGLU, add: add, rotate: rotate,
            attendPrefill: pair(attention(positions: 128, depth: 0)),
            attendDecode: pair(attention(positions: 1, depth: 511)))
    }

    private static let headDim = 256

    /// Seconds per multiply-accumulate of attention by 8 query heads that share one KV head.
    private mutating func attention(positions n: Int, depth: Int) -> Double {
        let cache = KVCache(layers: 1, kvHeads: 1, headDim: Self.headDim, capacity: depth + n)
        cache.advance(to: depth)
        let batch = Batch()
        batch.fill([KVCache.Span(cache, count: n)])
        let output = output(columns: Self.columns, positions: n)
        let keys = Double(n) * (Double(depth) + Double(n + 1) / 2)
        let best = (0..<4).reduce(Double.infinity) { best, _ in
            min(
                best,
                cpuSeconds { solo.attend(queries: input, batch: batch, layer: 0, into: output) })
        }
        return best / (2 * keys * Double(Self.columns))
    }

    // MARK: - Time

    func seconds(since start: ContinuousClock.Instant) -> Double { (clock.now - start) / .seconds(1) }

    func wallSeconds(_ body: () -> Void) -> Double {
        let start = clock.now
        body()
        return max(seconds(since: start), 1e-9)
    }

    /// CPU time of this thread: it stands still while others have the core.
    private func cpuSeconds(_ body: () -> Void) -> Double {
        let start = ThreadTime.now
        body()
        return max(ThreadTime.now - start, 1e-9)
    }
}
