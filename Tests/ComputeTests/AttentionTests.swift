import Compute
import Foundation
import TestSupport
import Testing

@Suite struct AttentionTests {
    private struct Inputs {
        var q, k, v: [[Float]]
        let heads, kvHeads, dim: Int

        init(positions: Int, heads: Int, kvHeads: Int, dim: Int, seed: UInt64 = 11) {
            var random = SplitMix(seed)
            func rows(_ columns: Int, _ scale: Float) -> [[Float]] {
                (0..<positions).map { _ in (0..<columns).map { _ in scale * random.gaussian() } }
            }
            q = rows(heads * dim, 2 / Float(dim).squareRoot())
            k = rows(kvHeads * dim, 1)
            v = rows(kvHeads * dim, 1)
            (self.heads, self.kvHeads, self.dim) = (heads, kvHeads, dim)
        }

        func cache(_ element: KVCache.Element) -> KVCache {
            KVCache(layers: 1, kvHeads: kvHeads, headDim: dim, capacity: q.count, element: element)
        }
    }

    private func matrix(_ rows: [[Float]]) -> Matrix {
        let m = Matrix(rows: rows.count, columns: rows.first?.count ?? 0)
        for (index, row) in rows.enumerated() { m[row: index] = row }
        return m
    }

    /// Attention of the next `counts[i]` positions of sequence i, all in one call.
    private func attend(_ sequences: [(inputs: Inputs, cache: KVCache)], counts: [Int], _ executor: Executor)
        -> [[Float]]
    {
        let batch = Batch()
        batch.fill(zip(sequences, counts).map { KVCache.Span($0.cache, count: $1) })
        func rows(_ part: KeyPath<Inputs, [[Float]]>) -> Matrix {
            matrix(zip(sequences, counts).flatMap { $0.inputs[keyPath: part][$0.cache.count..<$0.cache.count + $1] })
        }
        let queries = rows(\.q)
        let output = Matrix(rows: batch.rows, columns: queries.columns)
        executor.store(keys: rows(\.k), values: rows(\.v), batch: batch, layer: 0)
        executor.attend(queries: queries, batch: batch, layer: 0, into: output)
        batch.advance()
        return (0..<batch.rows).map { output[row: $0] }
    }

    /// Attention of all positions, in ubatches of `step`.
    private func attend(
        _ i: Inputs, step: Int, threads: Int, element: KVCache.Element = .f32, kernels: Kernels = .best
    ) -> [[Float]] {
        let executor = Executor(threads: threads, kernels: kernels)
        let cache = i.cache(element)
        var result: [[Float]] = []
        while result.count < i.q.count {
            result += attend([(i, cache)], counts: [min(step, i.q.count - result.count)], executor)
        }
        return result
    }

    /// The nearest number in half precision.
    private func half(_ x: Double) -> Double {
        guard x != 0 else { return 0 }
        let step = exp2(max(Double(x.exponent), -14) - 10)
        return (x / step).rounded(.toNearestOrEven) * step
    }

    /// What a cache gives back of a row: heads of `dim` numbers.
    private func stored(_ row: [Float], _ dim: Int, _ element: KVCache.Element) -> [Double] {
        switch element {
        case .f32: return row.map(Double.init)
        case .f16: return row.map { half(Double($0)) }
        case .q8_0:
            return stride(from: 0, to: row.count, by: dim).flatMap { head in
                stride(from: head, to: head + dim, by: 32).flatMap { start -> [Double] in
                    let block = row[start..<min(start + 32, head + dim)]
                    let largest = block.map(abs).max() ?? 0
                    let scale = half(Double(largest / 127))
                    return block.map { Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) * scale }
                }
            }
        }
    }

    /// Softmax of the scores times the values, in Double.
    private func reference(_ i: Inputs, position: Int, element: KVCache.Element) -> [Double] {
        let keys = i.k[...position].map { stored($0, i.dim, element) }
        let values = i.v[...position].map { stored($0, i.dim, element) }
        return (0..<i.heads).flatMap { head -> [Double] in
            let kv = head / (i.heads / i.kvHeads) * i.dim
            let scores = keys.map { key in
                (0..<i.dim).reduce(0) { $0 + Double(i.q[position][head * i.dim + $1]) * key[kv + $1] }
            }
            let top = scores.max() ?? 0
            let weights = scores.map { exp($0 - top) }
            let sum = weights.reduce(0, +)
            return (0..<i.dim).map { column in
                zip(weights, values).reduce(0) { $0 + $1.0 * $1.1[kv + column] } / sum
            }
        }
    }

    /// MQA, GQA, MHA and heads whose numbers fill no vector.
    static let shapes = [(8, 1, 256), (6, 2, 96), (3, 3, 64), (4, 2, 38), (2, 1, 16), (13, 1, 32)]

    @Test(arguments: shapes, KVCache.Element.allCases)
    func equalsSoftmaxOfScoresTimesValues(shape: (heads: Int, kvHeads: Int, dim: Int), element: KVCache.Element) {
        let i = Inputs(positions: 600, heads: shape.heads, kvHeads: shape.kvHeads, dim: shape.dim)
        let counts = [1, 15, 16, 17, 255, 256, 257, 600]  // of keys
        let expected = counts.map { reference(i, position: $0 - 1, element: element) }
        for kernels in [Kernels.best, .portable] {
            let result = attend(i, step: 300, threads: 2, element: element, kernels: kernels)
            for (count, expected) in zip(counts, expected) {
                let worst = zip(result[count - 1], expected).map { abs(Double($0) - $1) }.max() ?? .infinity
                #expect(worst < 1e-5, "\(count) keys, \(kernels.instructionSet): \(worst)")
            }
        }
    }

    @Test(arguments: [(4, 1, 32), (8, 1, 64), (1, 1, 38)], KVCache.Element.allCases)
    func bitsDependNeitherOnTheUbatchNorOnThreads(
        shape: (heads: Int, kvHeads: Int, dim: Int), element: KVCache.Element
    ) {
        // past two runs of 256 keys
        let i = Inputs(positions: 600, heads: shape.heads, kvHeads: shape.kvHeads, dim: shape.dim)
        for kernels in [Kernels.best, .portable] {
            let decoded = attend(i, step: 1, threads: 1, element: element, kernels: kernels)
            for (step, threads) in [(600, 2), (512, 1), (255, 2), (33, 3), (3, 2), (1, 2)] {
                let result = attend(i, step: step, threads: threads, element: element, kernels: kernels)
                #expect(result == decoded, "ubatch \(step), \(threads) threads")
            }
        }
    }

    @Test(arguments: [1, 2]) func bitsDependNotOnOtherSequences(threads: Int) {
        let shapes = [300, 40, 290, 20].enumerated().map {
            Inputs(positions: $1, heads: 4, kvHeads: 2, dim: 64, seed: UInt64($0))
        }
        let alone = shapes.map { attend($0, step: 1, threads: 1, element: .f16) }
        let executor = Executor(threads: threads)
        let sequences = shapes.map { (inputs: $0, cache: $0.cache(.f16)) }
        _ = attend([sequences[0]], counts: [299], executor)
        _ = attend([sequences[2]], counts: [250], executor)
        // a decode step, a whole prompt, a part of a prompt over the end of a run, and the start of another prompt
        let together = attend(sequences, counts: [1, 40, 40, 19], executor)
        #expect(Array(together[..<1]) == [alone[0][299]])
        #expect(Array(together[1..<41]) == alone[1])
        #expect(Array(together[41..<81]) == Array(alone[2][250..<290]))
        #expect(Array(together[81...]) == Array(alone[3][..<19]))
        // decode steps only
        sequences[0].cache.truncate(to: 280)
        sequences[2].cache.truncate(to: 260)
        let steps = attend([sequences[0], sequences[2], sequences[3]], counts: [1, 1, 1], executor)
        #expect(steps == [alone[0][280], alone[2][260], alone[3][19]])
    }

    @Test(arguments: KVCache.Element.allCases) func whatComesLaterIsNotSeen(element: KVCache.Element) {
        let clean = Inputs(positions: 40, heads: 4, kvHeads: 1, dim: 32)
        let expected = attend(clean, step: 40, threads: 1, element: element)
        var spoilt = clean
        for position in 21..<40 {
            spoilt.k[position] = spoilt.k[position].map { _ in .nan }
            spoilt.v[position] = spoilt.v[position].map { _ in .infinity }
        }
        for kernels in [Kernels.best, .portable] {
            // in the same ubatch, and left over from a sequence that was cut
            let executor = Executor(threads: 1, kernels: kernels)
            let cache = clean.cache(element)
            let result = attend([(spoilt, cache)], counts: [40], executor)
            if kernels.instructionSet == Kernels.best.instructionSet { #expect(result[..<21] == expected[..<21]) }
            #expect(result[..<21].allSatisfy { $0.allSatisfy { $0.isFinite } })
            #expect(result[21...].allSatisfy { $0.allSatisfy { !$0.isFinite } })
            cache.truncate(to: 3)
            #expect(attend([(clean, cache)], counts: [1], executor)[0] == result[3])
        }
    }

    @Test func keysAndValuesMayHaveTheirOwnTypes() {
        let i = Inputs(positions: 20, heads: 2, kvHeads: 1, dim: 64)
        func result(_ keys: KVCache.Element, _ values: KVCache.Element) -> [[Float]] {
            let cache = KVCache(layers: 1, kvHeads: 1, headDim: 64, capacity: 20, keys: keys, values: values)
            return attend([(i, cache)], counts: [20], Executor(threads: 1))
        }
        let all = KVCache.Element.allCases.flatMap { keys in KVCache.Element.allCases.map { result(keys, $0) } }
        let exact = result(.f32, .f32)
        for (index, other) in all.enumerated() {
            let worst = zip(other.joined(), exact.joined()).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst < 0.05, "\(worst)")
            #expect(all.filter { $0 == other }.count == 1, "combination \(index) is like another")
        }
    }
}
