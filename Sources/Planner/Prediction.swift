internal import Compute

/// The sizes of a model that its attention and elementwise work depend on.
public struct ModelShape: Sendable {
    public let layers: Int
    public let width: Int
    public let feedForwardWidth: Int
    public let heads: Int
    public let kvHeads: Int
    public let headDim: Int

    public init(layers: Int, width: Int, feedForwardWidth: Int, heads: Int, kvHeads: Int, headDim: Int) {
        self.layers = layers
        self.width = width
        self.feedForwardWidth = feedForwardWidth
        self.heads = heads
        self.kvHeads = kvHeads
        self.headDim = headDim
    }
}

extension Plan {
    /// Predicted seconds of one forward call of `n` positions after `depth` others, without logits.
    public func forwardSeconds(_ shape: ModelShape, positions n: Int, depth: Int = 0) -> Double {
        let projections = weights.indices.filter { weights[$0].layer != nil }
        let regions = Dictionary(grouping: projections) { index in
            Region(layer: weights[index].layer, leader: weights[index].weightClass.leader)
        }
        let matmul = regions.values.reduce(0) { $0 + seconds(ofRegion: $1, positions: n) }
        return matmul + Double(shape.layers) * otherSeconds(shape, positions: n, depth: depth)
    }

    /// Predicted seconds of prefilling `count` tokens, `ubatch` at a time, up to the logits of the last.
    public func prefillSeconds(_ shape: ModelShape, tokens count: Int, ubatch: Int = 512) -> Double {
        var total = logitSeconds(positions: 1)
        for start in stride(from: 0, to: count, by: ubatch) {
            total += forwardSeconds(shape, positions: min(ubatch, count - start), depth: start)
        }
        return total
    }

    /// Predicted seconds of generating `count` tokens, one by one.
    public func decodeSeconds(_ shape: ModelShape, tokens count: Int) -> Double {
        Double(count) * (forwardSeconds(shape, positions: 1, depth: count / 2) + logitSeconds(positions: 1))
    }

    /// Predicted seconds of weights that share their input, each by its choice.
    public func seconds(ofRegion indices: [Int], positions n: Int) -> Double {
        let choices = indices.map { choice(layer: weights[$0].layer, weights[$0].weightClass, positions: n) }
        let works = zip(indices, choices).map { MachineCosts.Work(weight: weights[$0], path: $1.path) }
        let threads = min(choices.reduce(1) { max($0, $1.threads) }, threadLimit(positions: n))
        return costs.seconds(of: works, positions: n, threads: threads)
    }

    private struct Region: Hashable {
        let layer: Int?
        let leader: WeightClass
    }

    private func logitSeconds(positions n: Int) -> Double {
        let output = weights.indices.filter { weights[$0].layer == nil }
        return output.isEmpty ? 0 : seconds(ofRegion: output, positions: n)
    }

    /// Norms, rotation, attention, GeGLU and sums of one layer.
    private func otherSeconds(_ shape: ModelShape, positions n: Int, depth: Int) -> Double {
        let e = costs.elementwise
        let limit = threadLimit(positions: n)
        let rows = Double(n)
        let attention = Double(shape.heads * shape.headDim)
        let kv = Double(shape.kvHeads * shape.headDim)
        /// Rows are shared out; a single one stays on one thread, and so do few numbers.
        func rowwise(_ cost: MachineCosts.Pair, _ columns: Double) -> Double {
            let shared = min(n, Executor.threads(numbers: n * Int(columns), most: limit))
            return rows * columns * costs.seconds(cost, threads: shared) + (shared > 1 ? costs.region.team : 0)
        }
        let keys = rows * (Double(depth) + (rows + 1) / 2)
        let attend = n == 1 ? e.attendDecode : e.attendPrefill
        var total = 2 * rowwise(e.norm, Double(shape.width)) + 2 * rowwise(e.add, Double(shape.width))
        total += rowwise(e.rotate, attention) + rowwise(e.rotate, kv)
        total += 2 * keys * attention * costs.seconds(attend, threads: limit) + (limit > 1 ? costs.region.team : 0)
        // of several rows in the region that makes them int8
        let gated = n * shape.feedForwardWidth
        let shared = n == 1 ? limit : min(n, Executor.threads(numbers: gated, most: limit))
        total += Double(gated) * costs.seconds(e.geGLU, threads: shared)
        return total + (n == 1 && limit > 1 ? costs.region.team : 0)
    }
}
