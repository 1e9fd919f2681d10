import Compute
import Foundation
import GGUF
import Gemma
import Planner
import TestSupport
import Testing
import Tokenizer

/// carat-tiny against references that were made by other programs.
@Suite(.serialized) struct GoldenTests {
    private func gemma(_ file: GGUFFile, _ path: MatmulPath, threads: Int = 2) throws -> Gemma {
        let model = try GemmaModel(file)
        return Gemma(model, plan: .uniform(path), executor: Executor(threads: threads))
    }

    @Test(arguments: ["Q2_K", "Q4_K_M", "Q8_0", "F16"])
    func theRepositoryCarriesItsFixtures(format: String) {
        #expect(Fixtures.hasTinyModel(format))
    }

    /// Logits of all positions of `tokens`.
    private func logits(_ gemma: Gemma, _ tokens: [Int32], element: KVCache.Element) throws -> [[Float]] {
        try logits(gemma, tokens, cache: gemma.makeCache(capacity: tokens.count, element: element))
    }

    private func logits(_ gemma: Gemma, _ tokens: [Int32], cache: KVCache) throws -> [[Float]] {
        try gemma.forward(tokens, cache: cache)
        return stride(from: 0, to: tokens.count, by: Gemma.logitRows).flatMap { first in
            let rows = first..<min(first + Gemma.logitRows, tokens.count)
            let matrix = gemma.logits(rows: rows)
            return (0..<rows.count).map { matrix[row: $0] }
        }
    }

    /// The training framework's logits: independent of any GGUF runtime. F32 weights, so both paths are full precision.
    @Test(
        .enabled(if: Fixtures.hasTinyModel("F32"), "set CARAT_TEST_MODELS to the folder of carat-tiny-F32.gguf"),
        arguments: MatmulPath.allCases)
    func logitsEqualTheTrainingFrameworks(path: MatmulPath) throws {
        let file = try #require(try Fixtures.tinyModel("F32"))
        let tokens = try Fixtures.npy("goldens/tiny-F32-ids.npy", of: Int32.self)
        let expected = try Fixtures.npy("goldens/tiny-F32-logits.npy", of: Float.self)
        let result = try logits(try gemma(file, path), tokens, element: .f32).flatMap { $0 }
        #expect(result.count == expected.count)
        let largest = expected.map(abs).max() ?? 0
        let worst = zip(result, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst / largest < 1e-4, "worst error \(worst) at logits up to \(largest)")
    }

    /// Logits in Double by numpy from the weights as `gguf` (PyPI) decodes them, at five of the same positions. sgemm is
    /// the full-precision form of every format; of those with Float weights the dot path is too.
    @Test(arguments: [
        ("F16", MatmulPath.blas), ("F16", .quant), ("Q8_0", .blas), ("Q4_K_M", .blas), ("Q2_K", .blas),
    ])
    func logitsEqualNumpys(format: String, path: MatmulPath) throws {
        let file = try #require(try Fixtures.tinyModel(format))
        let tokens = try Fixtures.npy("goldens/tiny-F32-ids.npy", of: Int32.self)
        let expected = try Fixtures.npy("goldens/tiny-\(format)-logits.npy", of: Float.self)
        let all = try logits(try gemma(file, path), tokens, element: .f32)
        let result = [0, 1, 7, 31, 63].flatMap { all[$0] }
        #expect(result.count == expected.count)
        let largest = expected.map(abs).max() ?? 0
        let worst = zip(result, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst / largest < 1e-4, "worst error \(worst) at logits up to \(largest)")
    }

    /// What the type of the cache does to the next token's probabilities, on sgemm's full precision: mean divergence
    /// from a cache of F32 in nats per token, and the largest difference of a logit relative to the largest logit.
    @Test(arguments: [
        (KVCache.Element.f16, KVCache.Element.f16, 1e-6, 1e-3), (.q8_0, .q8_0, 1e-4, 2e-2), (.q8_0, .f16, 1e-4, 2e-2),
    ])
    func theCacheTypeChangesLittle(
        keys: KVCache.Element, values: KVCache.Element, divergence: Double, difference: Float
    )
        throws
    {
        let gemma = try gemma(try #require(try Fixtures.tinyModel("F16")), .blas)
        let text = String(try Fixtures.text("texts/heldout.txt").prefix(4000))
        let tokens = Array(gemma.model.tokenizer.encode(text).prefix(512))
        let exact = try logits(gemma, tokens, cache: gemma.makeCache(capacity: tokens.count, element: .f32))
        let result = try logits(
            gemma, tokens, cache: gemma.makeCache(capacity: tokens.count, keys: keys, values: values))
        let mean = meanDivergence(of: result, from: exact)
        let largest = exact.joined().map(abs).max() ?? 0
        let worst = zip(exact.joined(), result.joined()).map { abs($0 - $1) }.max() ?? .infinity
        print("KV \(keys), \(values): KLD \(mean), largest difference \(worst) of \(largest)")
        #expect(mean < divergence && worst / largest < difference, "KLD \(mean), \(worst) of \(largest)")
        #expect(worst > 0)
    }

    /// What int8 activations do to the next token's probabilities, against sgemm on the same weights.
    @Test(arguments: ["Q4_K_M", "Q2_K", "Q6_K", "Q8_0"].filter(Fixtures.hasTinyModel))
    func int8ActivationsChangeLittle(format: String) throws {
        let file = try #require(try Fixtures.tinyModel(format))
        let text = String(try Fixtures.text("texts/heldout.txt").prefix(4000))
        let full = try gemma(file, .blas)
        let tokens = Array(full.model.tokenizer.encode(text).prefix(512))
        let exact = try logits(full, tokens, element: .f32)
        let mean = meanDivergence(of: try logits(try gemma(file, .quant), tokens, element: .f32), from: exact)
        print("int8 activations, \(format): KLD \(mean)")
        #expect(mean > 0 && mean < 1e-3, "KLD \(mean)")
    }

    /// Mean Kullback-Leibler divergence of softmax(logits) from softmax(exact), in nats per position.
    private func meanDivergence(of logits: [[Float]], from exact: [[Float]]) -> Double {
        func logProbabilities(_ row: [Float]) -> [Double] {
            let top = row.max() ?? 0
            let sum = row.reduce(0.0) { $0 + exp(Double($1 - top)) }
            return row.map { Double($0 - top) - log(sum) }
        }
        let total = zip(exact, logits).reduce(0.0) { total, rows in
            zip(logProbabilities(rows.0), logProbabilities(rows.1)).reduce(total) { $0 + exp($1.0) * ($1.0 - $1.1) }
        }
        return total / Double(exact.count)
    }

    /// Teacher-forced on llama.cpp's own text: at each of its tokens, that token is our first choice; for the K-quants,
    /// whose activations both programs round to 8 bits in their own ways, it is within `margin` of our first choice.
    static let margins: [(format: String, margin: Float)] = [
        ("F32", 0), ("F16", 0), ("BF16", 0), ("Q8_0", 0), ("Q6_K", 0.35), ("Q5_K_M", 0.35),
        ("Q4_K_M", 0.35), ("Q3_K_M", 0.35), ("Q2_K", 0.35),
    ]

    @Test(arguments: margins.filter { Fixtures.hasTinyModel($0.format) })
    func greedyTextIsLlamaCpps(format: String, margin: Float) throws {
        let file = try #require(try Fixtures.tinyModel(format))
        let goldens = try GreedyGolden.load(format)
        let gemma = try gemma(file, .quant)
        var agreed = 0
        var total = 0
        for golden in goldens {
            let prompt = gemma.model.tokenizer.encode(golden.prompt)
            let text = gemma.model.tokenizer.encode(golden.prompt + golden.completion)
            let all = try logits(gemma, text, element: .f16)
            for position in prompt.count - 1..<text.count - 1 {
                let row = all[position]
                let chosen = row[Int(text[position + 1])]
                let best = row.max() ?? .nan
                total += 1
                if chosen == best { agreed += 1 }
                #expect(best - chosen <= margin, "\(format), '\(golden.prompt)', position \(position)")
            }
        }
        #expect(total > 150 && Double(agreed) / Double(total) > 0.93, "\(agreed) of \(total) agree")
    }
}
