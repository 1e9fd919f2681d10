internal import Compute

/// What the team gains over one thread.
extension Calibration {
    /// What the team gains. The ratios are team's time over one thread's, at least 1 / threads.
    struct Scaling {
        /// Bytes per second.
        let bandwidth: MachineCosts.Pair
        let quant: Double
        let blas: Double
    }

    mutating func scaling(_ formats: some Collection<WeightFormat>) -> Scaling {
        // Dot products on Floats do less work per byte than anything else here.
        let read = perWeight(.F32, .quant, rows: 512, positions: 1, samples: 8)
        let bandwidth = Double(MemoryLayout<Float>.stride) / read
        guard threads > 1 else {
            return Scaling(bandwidth: .init(one: bandwidth, team: bandwidth), quant: 1, blas: 1)
        }
        let format = formats.first { $0.activation == .int8x256 } ?? .Q4_K
        let leastGain = (1 + 1 / Double(threads)) / 2
        let shared = ratio(
            .F32, .quant, rows: 384, positions: 1, assumed: Self.usualSharing, most: Self.fullSharing)
        // With fewer positions memory would limit the team, which each cost takes into account for itself.
        let quant = ratio(format, .quant, rows: 16 * Self.chunkRows, positions: 64, assumed: 0, most: leastGain)
        let blas = ratio(format, .blas, rows: Executor.panelRows, positions: 16, assumed: 0, most: leastGain)
        return Scaling(bandwidth: .init(one: bandwidth, team: bandwidth / shared), quant: quant, blas: blas)
    }

    /// A core or two fill most of a memory channel's bandwidth.
    private static let usualSharing = 0.6
    /// Where one core fills it alone.
    private static let fullSharing = 0.9

    /// Team's time over one thread's, both for what `rows` more rows per thread add; `assumed` where no sample finds the
    /// threads running.
    ///
    /// - Parameter most: where samples find less gain than this, something held the other cores in their midst: a team
    ///   that took work in chunks would still gain. So no plan ever leaves cores idle because they were busy once.
    private mutating func ratio(
        _ format: WeightFormat, _ path: MatmulPath, rows: Int, positions n: Int, assumed: Double, most: Double
    ) -> Double {
        let even = 1 / Double(threads)
        let one =
            sample(format, path, rows: 2 * rows, positions: n, samples: 3)
            - sample(format, path, rows: rows, positions: n, samples: 3)
        let limit = Self.poolBytes / 4 / format.bytesPerRow(columns: Self.columns)
        let teamRows = min(rows * threads, limit)
        guard let few = teamSeconds(format, path, rows: teamRows, positions: n),
            let many = teamSeconds(format, path, rows: 2 * teamRows, positions: n), one > 0
        else { return max(assumed, even) }
        let measured = (many - few) / Double(teamRows) / (one / Double(rows))
        return min(max(measured, even), most)
    }

    /// Seconds of a projection by the team, the least of some; nil where no sample finds all threads running, or the pool
    /// has not so many rows: a team of hundreds of threads asks for more.
    mutating func teamSeconds(
        _ format: WeightFormat, _ path: MatmulPath, rows: Int, positions n: Int
    ) -> Double? {
        guard rows <= Self.poolBytes / format.bytesPerRow(columns: Self.columns) else { return nil }
        executor.threads = threads
        let output = output(columns: rows, positions: n)
        let start = clock.now
        var best = Double.infinity
        var clean = 0
        while clean < 4, seconds(since: start) < Self.patience {
            let projection = Projection(window(format, rows: rows), to: output, path: path)
            guard isTeamRunning else { continue }
            let time = wallSeconds { executor.project(input, rows: n, projection) }
            guard isTeamRunning else { continue }
            clean += 1
            best = min(best, time)
        }
        return best.isFinite ? best : nil
    }

    /// How long a sample with all threads running is looked for, seconds.
    private static let patience = 0.012

    /// Whether all threads are on a core: else an empty region takes as long as others' time slices.
    private var isTeamRunning: Bool { wallSeconds(emptyRegion) < Self.slowRegion + 1e-6 * Double(threads) }
    private static let slowRegion = 15e-6
    private static let usualRegion = 3e-6

    private func emptyRegion() { executor.team.run(chunks: threads, threads: threads) { _, _ in } }

    /// Seconds that a region takes beyond its work: to start and end it, and for its first loads from memory to arrive.
    mutating func region() -> Double {
        guard threads > 1 else { return 0 }
        let empty = (0..<100).reduce(Double.infinity) { best, _ in min(best, wallSeconds(emptyRegion)) }
        guard empty < Self.slowRegion else { return Self.usualRegion }
        let rows = Self.chunkRows * threads
        guard let few = teamSeconds(.Q4_K, .quant, rows: rows, positions: 1),
            let many = teamSeconds(.Q4_K, .quant, rows: 4 * rows, positions: 1)
        else { return empty }
        return min(max(few - (many - few) / 3, empty), Self.slowRegion)
    }
}
