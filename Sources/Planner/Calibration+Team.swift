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
        let shared = ratio(.F32, .quant, rows: 1024, positions: 1, assumed: Self.usualSharing, most: Self.fullSharing)
        // With fewer positions memory would limit the team, which each cost takes into account for itself.
        let few = sample(format, rows: 64, positions: Self.largest, samples: 2) / Double(64 * Self.columns)
        let rows = rows(format, costing: few, seconds: Self.ratioSeconds)
        let quant = ratio(format, .quant, rows: rows, positions: Self.largest, assumed: 0, most: leastGain)
        let blas = ratio(format, .blas, rows: Executor.panelRows, positions: 16, assumed: 0, most: leastGain)
        return Scaling(bandwidth: .init(one: bandwidth, team: bandwidth / shared), quant: quant, blas: blas)
    }

    /// Long enough for what passing the input on between cores takes not to count.
    private static let ratioSeconds = 1e-3

    /// A core or two fill most of a memory channel's bandwidth.
    private static let usualSharing = 0.6
    /// Where one core fills it alone.
    private static let fullSharing = 0.9

    /// Team's time over one thread's for `rows` rows per thread: the median of pairs of samples that follow each other,
    /// so that a machine which changes its pace changes both. `assumed` where none finds the threads running.
    ///
    /// - Parameter most: less gain than this is not believed: a team that shares work in chunks would still gain.
    private mutating func ratio(
        _ format: WeightFormat, _ path: MatmulPath, rows: Int, positions n: Int, assumed: Double, most: Double
    ) -> Double {
        let even = 1 / Double(threads)
        let limit = Self.poolBytes / 4 / format.bytesPerRow(columns: Self.columns)
        let teamRows = min(rows * threads, limit)
        var ratios: [Double] = []
        for _ in 0..<5 {
            let one = sample(format, path, rows: rows, positions: n, samples: 1) / Double(rows)
            guard let all = teamSeconds(format, path, rows: teamRows, positions: n, samples: 1) else { break }
            ratios.append(all / Double(teamRows) / one)
        }
        guard !ratios.isEmpty else { return max(assumed, even) }
        return min(max(ratios.sorted()[ratios.count / 2], even), most)
    }

    /// Seconds of a projection by the team, the least of some; nil where no sample finds all threads running, or the pool
    /// has not so many rows: a team of hundreds of threads asks for more.
    ///
    /// A sample counts if a region before it finds them on a core and none of them leaves it meanwhile.
    mutating func teamSeconds(
        _ format: WeightFormat, _ path: MatmulPath, rows: Int, positions n: Int, samples: Int = 4
    ) -> Double? {
        guard rows <= Self.poolBytes / format.bytesPerRow(columns: Self.columns) else { return nil }
        let output = output(columns: rows, positions: n)
        // where one sample found other processes, the next ones may too: they are not waited for as long
        let patience = isTeamMeasured ? Self.patience : Self.patience / 8
        let start = clock.now
        var best = Double.infinity
        var clean = 0
        while clean < samples, seconds(since: start) < patience {
            let projection = Projection(window(format, rows: rows), to: output, path: path)
            guard wallSeconds(emptyRegion) < slowRegion else { continue }
            let switches = ProcessUsage.now.contextSwitches
            let time = wallSeconds { team.project(input, rows: n, projection) }
            guard ProcessUsage.now.contextSwitches == switches else { continue }
            clean += 1
            best = min(best, time)
        }
        if clean == 0 { isTeamMeasured = false }
        return best.isFinite ? best : nil
    }

    /// How long a sample with all threads running is looked for, seconds.
    private static let patience = 0.012

    /// An empty region that takes longer had to wait for other processes' time slices.
    private var slowRegion: Double { 15e-6 + 1e-6 * Double(threads) }
    private static let usualRegion = 3e-6

    private func emptyRegion() { team.team.run(chunks: threads, threads: threads) { _, _ in } }

    /// Seconds that projections take beyond their work: what is left of few rows' time when that of more is told.
    mutating func region() -> MachineCosts.Pair {
        func fixed(_ few: Double, _ many: Double, times: Int) -> Double { few - (many - few) / Double(times - 1) }
        // as many rows as a small weight has, whose chunks start with loads that nothing asked for before
        let rows = 128
        let one = max(
            fixed(
                sample(.Q4_K, rows: rows, positions: 1, samples: 6),
                sample(.Q4_K, rows: 16 * rows, positions: 1, samples: 4), times: 16), 0)
        guard threads > 1 else { return .init(one: one, team: one) }
        let empty = (0..<100).reduce(Double.infinity) { best, _ in min(best, wallSeconds(emptyRegion)) }
        guard empty < slowRegion else {
            isTeamMeasured = false
            return .init(one: one, team: Self.usualRegion)
        }
        let times = min(16, Self.poolBytes / 2 / threads / rows / WeightFormat.Q4_K.bytesPerRow(columns: Self.columns))
        guard times > 1, let few = teamSeconds(.Q4_K, .quant, rows: rows * threads, positions: 1),
            let many = teamSeconds(.Q4_K, .quant, rows: times * rows * threads, positions: 1)
        else { return .init(one: one, team: max(one, empty)) }
        return .init(one: one, team: min(max(fixed(few, many, times: times), empty), slowRegion))
    }
}
