internal import Compute

extension MachineCosts {
    /// One projection of a region, and the path it takes.
    struct Work {
        let weight: PlannedWeight
        let path: MatmulPath
    }

    /// Predicted seconds of projections that share one input of `n` positions and run in one parallel region.
    func seconds(of region: [Work], positions n: Int, threads: Int, quantizesInput: Bool = true) -> Double {
        guard let columns = region.first?.weight.columns else { return 0 }
        let isQuantizing = region.contains { $0.path == .quant && $0.weight.format.activation != .float }
        var seconds = makespan(region, positions: n, threads: threads)
        if isQuantizing, quantizesInput {
            let shared = min(n, Executor.threads(numbers: n * columns, most: threads))
            seconds += Double(n * columns) * self.seconds(elementwise.quantize, threads: shared)
            if shared > 1 { seconds += self.region.team }
        }
        return seconds + (threads > 1 ? self.region.team : self.region.one)
    }

    /// Who has done its own chunks takes others', so the last ones may leave threads idle: with few chunks that is much.
    private func makespan(_ works: [Work], positions n: Int, threads: Int) -> Double {
        let chunks = works.map {
            $0.weight.chunkRows($0.path, positions: n, workers: self.threads, instructionSet: instructionSet)
        }
        let counts = zip(works, chunks).map { ($0.weight.rows + $1 - 1) / $1 }
        let busy = min(threads, counts.reduce(0, +))
        var loads = [Double](repeating: 0, count: busy)
        var even = 0.0
        for ((work, count), chunkRows) in zip(zip(works, counts), chunks) {
            let weight = work.weight
            guard let format = formats[weight.format.rawValue] else { continue }
            let curve = work.path == .quant ? format.quant : format.blas
            // what one thread needs while the others are busy too
            let perWeight = seconds(curve.cost(positions: n), threads: busy) * Double(min(busy, self.threads))
            let perRow = perWeight * Double(weight.columns)
            if count > 32 * busy {
                even += perRow * Double(weight.rows) / Double(min(busy, self.threads))
                continue
            }
            for chunk in 0..<count {
                let free = loads.indices.min { loads[$0] < loads[$1] } ?? 0
                loads[free] += perRow * Double(min(chunkRows, weight.rows - chunk * chunkRows))
            }
        }
        // more threads than the team has take turns
        let turns = Double(busy) / Double(min(busy, self.threads))
        return even + (loads.max() ?? 0) * turns
    }
}
