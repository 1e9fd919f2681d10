public import Compute
internal import GGUF

/// Measures what the operations of a forward pass cost on this machine, in about a tenth of a second.
///
/// It runs the real `Executor.project` on weights in memory that are larger than the caches, a window after another, so
/// that reading from memory is part of every cost. Costs of one thread are its CPU time, the least of several short
/// samples: other processes hardly matter. How much faster the team is takes both ends of a sample to find all threads
/// running; on a machine too busy for that, what cores usually give is assumed.
public struct Calibration {
    let executor: Executor
    let threads: Int
    let clock = ContinuousClock()
    /// Weights of every format: bytes 0x11 are finite numbers in each.
    private let pool: FileBytes
    private var poolOffset = 0
    let input = Matrix(rows: 512, columns: columns)
    private var outputs: [Int: Matrix] = [:]

    static let columns = 2048
    static let poolBytes = 48 << 20
    private static let largest = 512

    /// - Parameter threads: of the team, as many as the program will use.
    public init(kernels: Kernels, threads: Int) {
        executor = Executor(threads: threads, kernels: kernels)
        self.threads = threads
        pool = FileBytes(repeating: 0x11, count: Self.poolBytes)
        for row in 0..<Self.largest { input[row: row] = Self.wave }
    }

    /// Some input: its values do not change the time.
    private static let wave = (0..<columns).map { Float($0 % 37 - 18) / 9 }

    /// All costs, of projections for `formats` only.
    public mutating func costs(of formats: some Collection<WeightFormat>) -> MachineCosts {
        let scaling = scaling(formats)
        let region = region()
        let quantize = quantize(scaling.quant, region: region)
        return MachineCosts(
            isMeasured: true, instructionSet: executor.kernels.instructionSet.rawValue, threads: threads,
            formats: self.formats(formats, scaling: scaling, quantize: quantize.one), readBandwidth: scaling.bandwidth,
            sgemmRate: sgemmRate(scaling), region: region, quantScaling: scaling.quant, blasScaling: scaling.blas,
            elementwise: elementwise(quantize: quantize, scaling: scaling.quant))
    }

    /// The costs of more formats, for a machine that is known already.
    public mutating func costs(of formats: some Collection<WeightFormat>, knowing costs: MachineCosts) -> MachineCosts {
        let scaling = Scaling(bandwidth: costs.readBandwidth, quant: costs.quantScaling, blas: costs.blasScaling)
        return costs.adding(
            self.formats(formats, scaling: scaling, quantize: costs.elementwise.quantize.one))
    }

    // MARK: - One thread

    mutating func formats(
        _ formats: some Collection<WeightFormat>, scaling: Scaling, quantize: Double
    ) -> [String: MachineCosts.FormatCosts] {
        // The multiplication of the BLAS path is the same for all formats: measured once in full, then one point each.
        let anchor = MachineCosts.positions.firstIndex(of: Self.anchorPositions) ?? 0
        var shared: [Double]?
        var result: [String: MachineCosts.FormatCosts] = [:]
        for format in formats.sorted(by: { $0.rawValue < $1.rawValue }) {
            let quant = MachineCosts.positions.map { self.quant(format, positions: $0, quantize: quantize) }
            let blas: [Double]
            if let shared {
                let own = self.blas(format, positions: Self.anchorPositions)
                blas = shared.map { max($0 + own - shared[anchor], own / 4) }
            } else {
                blas = MachineCosts.positions.map { self.blas(format, positions: $0) }
                shared = blas
            }
            let bytes = Double(format.bytesPerRow(columns: Self.columns)) / Double(Self.columns)
            func curve(_ one: [Double], _ ratio: Double) -> MachineCosts.Curve {
                MachineCosts.Curve(
                    one.map { .init(one: $0, team: max($0 * ratio, bytes / scaling.bandwidth.team)) })
            }
            result[format.rawValue] = MachineCosts.FormatCosts(
                quant: curve(quant, scaling.quant), blas: curve(blas, scaling.blas))
        }
        return result
    }

    private static let anchorPositions = 4

    /// Seconds per weight of the quantized path, its input's quantization taken off.
    ///
    /// Samples have as many rows as fit their time: the error of that subtraction is then small, and chunks are as long
    /// as those of a model's weights, which memory delivers faster than short ones.
    mutating func quant(_ format: WeightFormat, positions n: Int, quantize: Double) -> Double {
        let input = format.activation == .float ? 0 : quantize * Double(n * Self.columns)
        func perRow(_ seconds: Double, _ rows: Int) -> Double { max(seconds - input, seconds / 4) / Double(rows) }
        let few = sample(format, rows: Self.leastRows, positions: n, samples: 1)
        let cost = perRow(few, Self.leastRows)
        guard few < Self.slowSample else { return cost / Double(Self.columns) }
        let most = min(Self.mostRows, Self.poolBytes / 8 / format.bytesPerRow(columns: Self.columns))
        let rows = max(min(Int(Self.sampleSeconds / cost), most) / Self.leastRows, 4) * Self.leastRows
        return perRow(sample(format, rows: rows, positions: n, samples: 3), rows) / Double(Self.columns)
    }

    private static let leastRows = 48, mostRows = 4096
    private static let sampleSeconds = 0.4e-3, slowSample = 3e-3

    /// Seconds of a projection on one thread, the least of some.
    mutating func sample(
        _ format: WeightFormat, _ path: MatmulPath = .quant, rows: Int, positions n: Int, samples: Int
    ) -> Double {
        executor.threads = 1
        let output = output(columns: rows, positions: n)
        return (0..<samples).reduce(.infinity) { best, _ in
            let projection = Projection(window(format, rows: rows), to: output, path: path)
            return min(best, cpuSeconds { executor.project(input, rows: n, projection) })
        }
    }

    mutating func blas(_ format: WeightFormat, positions n: Int) -> Double {
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
        /// Seconds without rows, from those of some and of `factor` times as many.
        func fixed(_ few: Double, _ many: Double, _ factor: Double) -> Double {
            max(few - (many - few) / (factor - 1), few / 20)
        }
        let one = fixed(
            sample(.Q4_K, rows: 16, positions: Self.largest, samples: 5),
            sample(.Q4_K, rows: 64, positions: Self.largest, samples: 5), 4)
        let rows = Self.chunkRows * threads
        guard threads > 1, let few = teamSeconds(.Q4_K, .quant, rows: rows, positions: Self.largest),
            let many = teamSeconds(.Q4_K, .quant, rows: 3 * rows, positions: Self.largest)
        else { return .init(one: one / elements, team: one * scaling / elements) }
        let team = min(max(fixed(few, many, 3) - 2 * region, one / Double(threads)), one)
        return .init(one: one / elements, team: team / elements)
    }

    /// Rows of a chunk with many positions.
    static let chunkRows = Executor.dotChunkRows(
        .Q4_K, columns: columns, rows: 1024, positions: largest, workers: 1)

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
        executor.threads = 1
        func pair(_ one: Double) -> MachineCosts.Pair { MachineCosts.Pair(one: one, team: one * scaling) }
        func cost(_ body: () -> Void) -> MachineCosts.Pair {
            pair((0..<5).reduce(.infinity) { best, _ in min(best, cpuSeconds(body)) } / Double(n * Self.columns))
        }
        let norm = cost { executor.rmsNorm(a, weight: scale, epsilon: 1e-6, rows: n, into: b) }
        let geGLU = cost { executor.geGLU(gate: b, up: a, rows: n) }
        // before `add`, whose sums grow
        let rotate = cost { executor.rotate(a, angles: angles, rows: n) }
        let add = cost { executor.add(a, to: b, rows: n) }
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
                cpuSeconds { executor.attend(queries: input, batch: batch, layer: 0, into: output) })
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
