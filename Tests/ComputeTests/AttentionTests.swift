import Compute
import Foundation
import TestSupport
import Testing

@Suite struct AttentionTests {
    private struct Inputs {
        let q, k, v: Matrix
    }

    private func inputs(positions: Int, heads: Int, kvHeads: Int, dim: Int) -> Inputs {
        var random = SplitMix(11)
        func matrix(_ columns: Int, _ scale: Float) -> Matrix {
            let m = Matrix(rows: positions, columns: columns)
            for row in 0..<positions { m[row: row] = (0..<columns).map { _ in scale * random.gaussian() } }
            return m
        }
        return Inputs(q: matrix(heads * dim, 0.3), k: matrix(kvHeads * dim, 1), v: matrix(kvHeads * dim, 1))
    }

    /// Attention of all positions, in ubatches of `step`.
    private func attend(
        _ i: Inputs, kvHeads: Int, dim: Int, step: Int, threads: Int, element: KVCache.Element = .f32,
        kernels: Kernels = .best
    ) -> [[Float]] {
        let positions = i.q.rowCapacity
        let cache = KVCache(layers: 1, kvHeads: kvHeads, headDim: dim, capacity: positions, element: element)
        let executor = Executor(threads: threads, kernels: kernels)
        var result: [[Float]] = []
        for first in stride(from: 0, to: positions, by: step) {
            let n = min(step, positions - first)
            let part = [i.q, i.k, i.v].map { source in
                let m = Matrix(rows: n, columns: source.columns)
                for row in 0..<n { m[row: row] = source[row: first + row] }
                return m
            }
            let output = Matrix(rows: n, columns: i.q.columns)
            executor.store(keys: part[1], values: part[2], first: first, rows: n, layer: 0, in: cache)
            executor.attend(queries: part[0], first: first, rows: n, layer: 0, cache: cache, into: output)
            result += (0..<n).map { output[row: $0] }
        }
        return result
    }

    private func reference(_ i: Inputs, position: Int, head: Int, kvHead: Int, dim: Int) -> [Double] {
        func part(_ m: Matrix, _ row: Int, _ head: Int) -> [Double] {
            m[row: row][head * dim..<(head + 1) * dim].map(Double.init)
        }
        let q = part(i.q, position, head)
        let scores = (0...position).map { key in zip(q, part(i.k, key, kvHead)).reduce(0) { $0 + $1.0 * $1.1 } }
        let top = scores.max() ?? 0
        let weights = scores.map { exp($0 - top) }
        let sum = weights.reduce(0, +)
        return (0..<dim).map { column in
            (0...position).reduce(0.0) { $0 + weights[$1] / sum * part(i.v, $1, kvHead)[column] }
        }
    }

    @Test(arguments: [(8, 1, 64), (4, 2, 32), (3, 3, 32), (2, 1, 16), (6, 2, 256)], [KVCache.Element.f32, .f16])
    func equalsSoftmaxOfScoresTimesValues(shape: (heads: Int, kvHeads: Int, dim: Int), element: KVCache.Element) {
        let (heads, kvHeads, dim) = shape
        let positions = 20
        let i = inputs(positions: positions, heads: heads, kvHeads: kvHeads, dim: dim)
        for kernels in [Kernels.best, .portable] {
            let result = attend(i, kvHeads: kvHeads, dim: dim, step: 7, threads: 2, element: element, kernels: kernels)
            for position in [0, 1, 8, 19] {
                for head in 0..<heads {
                    let expected = reference(
                        i, position: position, head: head, kvHead: head / (heads / kvHeads), dim: dim)
                    for (a, b) in zip(result[position][head * dim..<(head + 1) * dim], expected) {
                        #expect(abs(Double(a) - b) < (element == .f32 ? 1e-5 : 2e-3))
                    }
                }
            }
        }
    }

    @Test(arguments: [KVCache.Element.f32, .f16])
    func bitsDependNeitherOnTheUbatchNorOnThreads(element: KVCache.Element) {
        // past two runs of 256 keys
        let i = inputs(positions: 600, heads: 4, kvHeads: 1, dim: 32)
        let decoded = attend(i, kvHeads: 1, dim: 32, step: 1, threads: 1, element: element)
        #expect(attend(i, kvHeads: 1, dim: 32, step: 600, threads: 2, element: element) == decoded)
        #expect(attend(i, kvHeads: 1, dim: 32, step: 33, threads: 3, element: element) == decoded)
        #expect(attend(i, kvHeads: 1, dim: 32, step: 1, threads: 2, element: element) == decoded)
    }
}
