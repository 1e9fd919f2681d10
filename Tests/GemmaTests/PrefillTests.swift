import Compute
import GGUF
import Gemma
import Planner
import TestSupport
import Testing

/// Prefill and decode are one function: the best single test, as it crosses paths, RoPE offsets, cache and threads.
@Suite struct PrefillTests {
    static let mixes: [(name: String, format: @Sendable (String) -> TensorType)] = [
        ("Q4_K with Q6_K", { $0.hasSuffix("ffn_down.weight") || $0.hasPrefix("token") ? .Q6_K : .Q4_K }),
        ("Q2_K with Q3_K", { $0.contains("attn") ? .Q2_K : .Q3_K }),
        ("Q5_K with Q8_0", { $0.contains("ffn") ? .Q5_K : .Q8_0 }),
        ("F16 with BF16 and F32", { $0.contains("ffn") ? .F16 : $0.contains("attn") ? .BF16 : .F32 }),
    ]

    private func logits(
        _ model: GemmaModel, _ tokens: [Int32], step: Int, path: MatmulPath, threads: Int,
        element: KVCache.Element = .f16
    ) throws -> [[Float]] {
        let gemma = Gemma(model, plan: .uniform(path), executor: Executor(threads: threads), ubatch: 512)
        let cache = gemma.makeCache(capacity: tokens.count, element: element)
        var result: [[Float]] = []
        for start in stride(from: 0, to: tokens.count, by: step) {
            let part = Array(tokens[start..<min(start + step, tokens.count)])
            try gemma.forward(part, cache: cache)
            for row in part.indices { result.append(gemma.logits(rows: row..<row + 1)[row: 0]) }
        }
        return result
    }

    private func tokens(_ count: Int) -> [Int32] {
        var random = SplitMix(17)
        return (0..<count).map { _ in Int32.random(in: 4..<Int32(RandomModel.vocabulary.count), using: &random) }
    }

    @Test(arguments: mixes.indices, [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 512])
    func prefillEqualsDecodesBitForBit(mix: Int, n: Int) throws {
        var random = RandomModel()
        random.format = Self.mixes[mix].format
        let model = try GemmaModel(try random.file())
        let tokens = tokens(n)
        let decoded = try logits(model, tokens, step: 1, path: .quant, threads: 1)
        #expect(decoded.allSatisfy { $0.allSatisfy(\.isFinite) })
        #expect(try logits(model, tokens, step: n, path: .quant, threads: 2) == decoded)
        #expect(try logits(model, tokens, step: n, path: .quant, threads: 1) == decoded)
    }

    @Test(arguments: [(4, 4), (4, 2)])
    func manyKVHeadsToo(heads: Int, kvHeads: Int) throws {
        var random = RandomModel()
        random.heads = heads
        random.kvHeads = kvHeads
        random.headDim = 128  // heads * headDim is not the width, as in 7B
        random.format = { _ in .Q4_K }
        let model = try GemmaModel(try random.file())
        let tokens = tokens(40)
        #expect(
            try logits(model, tokens, step: 40, path: .quant, threads: 2)
                == (try logits(model, tokens, step: 1, path: .quant, threads: 2)))
    }

    /// Weights as Float have full precision on both paths.
    @Test(arguments: [TensorType.F32, .F16, .BF16], [1, 9, 33, 512])
    func pathsAgreeInFullPrecision(type: TensorType, n: Int) throws {
        var random = RandomModel()
        random.format = { _ in type }
        let model = try GemmaModel(try random.file())
        let tokens = tokens(n)
        let dots = try logits(model, tokens, step: 1, path: .quant, threads: 2, element: .f32)
        let panels = try logits(model, tokens, step: n, path: .blas, threads: 2, element: .f32)
        let largest = dots.joined().map(abs).max() ?? 0
        let worst = zip(dots.joined(), panels.joined()).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst / largest < 1e-4, "worst \(worst) of \(largest)")
    }

    @Test func threadsDoNotChangeABitOnTheBLASPath() throws {
        var random = RandomModel()
        random.format = { _ in .Q4_K }
        let model = try GemmaModel(try random.file())
        let tokens = tokens(100)
        #expect(
            try logits(model, tokens, step: 100, path: .blas, threads: 1)
                == (try logits(model, tokens, step: 100, path: .blas, threads: 2)))
    }

    /// Decode steps of some sequences next to prompts of others, over the end of a run of 256 keys too.
    @Test(arguments: [1, 2], [KVCache.Element.f16, .q8_0])
    func aSequenceIsTheSameAmongOthers(threads: Int, element: KVCache.Element) throws {
        var random = RandomModel()
        random.format = { _ in .Q4_K }
        let model = try GemmaModel(try random.file())
        let tokens = tokens(300)
        let alone = try logits(model, tokens, step: 1, path: .quant, threads: 1, element: element)
        let gemma = Gemma(model, plan: .uniform(.quant), executor: Executor(threads: threads))
        let starts = [255, 0, 250, 100]
        let caches = try starts.map { start in
            let cache = gemma.makeCache(capacity: tokens.count, element: element)
            if start > 0 { try gemma.forward(Array(tokens[..<start]), cache: cache) }
            return cache
        }
        for counts in [[1, 17, 30, 1], [1, 1, 1, 1], [2, 40, 1, 9]] {
            let before = caches.map(\.count)
            let ranges = zip(before, counts).map { $0..<$0 + $1 }
            try gemma.forward(
                ranges.flatMap { tokens[$0] }, spans: zip(caches, counts).map { KVCache.Span($0, count: $1) })
            #expect(caches.map(\.count) == ranges.map(\.upperBound))
            let rows = Array(0..<counts.reduce(0, +))
            let selected = rows.reversed().filter { $0 % 3 != 1 }
            for part in stride(from: 0, to: selected.count, by: Gemma.logitRows).map({
                Array(selected[$0..<min($0 + Gemma.logitRows, selected.count)])
            }) {
                let result = gemma.logits(rows: part)
                let positions = ranges.flatMap { Array($0) }
                for (index, row) in part.enumerated() { #expect(result[row: index] == alone[positions[row]]) }
            }
        }
    }

    @Test func aCancelledForwardLeavesTheCacheAsItWas() throws {
        let model = try GemmaModel(try RandomModel().file())
        let gemma = Gemma(model, plan: .uniform(.quant), executor: Executor(threads: 1))
        let cache = gemma.makeCache(capacity: 8)
        try gemma.forward([5, 6], cache: cache)
        gemma.goesOn = { layer in layer == 0 }
        #expect(throws: CancellationError.self) { try gemma.forward([7], cache: cache) }
        #expect(cache.count == 2)
        let other = gemma.makeCache(capacity: 8)
        #expect(throws: CancellationError.self) {
            try gemma.forward([7, 8, 9], spans: [KVCache.Span(cache, count: 1), KVCache.Span(other, count: 2)])
        }
        #expect(cache.count == 2 && other.count == 0)
    }

    @Test func theProbeSeesEveryStepByName() throws {
        let model = try GemmaModel(try RandomModel().file())
        let gemma = Gemma(model, plan: .uniform(.quant), executor: Executor(threads: 1))
        var seen: [ForwardStep: Int] = [:]
        gemma.probe = { step, layer, result, rows in
            seen[step, default: 0] += 1
            #expect(rows <= result.rowCapacity && (layer == nil || layer == 0 || layer == 1))
        }
        try gemma.forward([5, 6, 7], cache: gemma.makeCache(capacity: 8))
        _ = gemma.logits(rows: 2..<3)
        for step in ForwardStep.allCases {
            #expect(seen[step] == ([.embedding, .outputNorm, .logits].contains(step) ? 1 : 2), "\(step)")
        }
    }
}
