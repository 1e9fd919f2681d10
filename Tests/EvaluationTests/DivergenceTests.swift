import Compute
import Engine
import Evaluation
import Foundation
import GGUF
import Gemma
import Planner
import TestSupport
import Testing
import Tokenizer

@Suite(.serialized) struct DivergenceTests {
    private func compare(
        _ child: SampleText, _ parent: SampleText, _ windows: TextWindows, precision: Precision = .auto
    ) throws -> TextDivergence {
        let reader = try child.reader(windows, precision: precision)
        let base = try parent.reader(windows, precision: .full, cache: .f32)
        return try #require(try TextDivergence.compare([reader], with: .live(base), on: windows).first)
    }

    /// Against the definition in Double, from the logits of single rows.
    @Test func itIsTheDefinition() throws {
        let (child, parent) = (try SampleText("Q2_K"), try SampleText("F16"))
        let windows = try child.windows(64, limit: 2)
        let result = try compare(child, parent, windows, precision: .full)
        #expect(result.count == 2 * 31)
        func logits(_ sample: SampleText, _ cache: KVCache.Element) throws -> [[Double]] {
            var settings = EngineSettings()
            settings.precision = .full
            let gemma = Gemma(
                sample.model, plan: settings.plan(for: sample.model.weights.planned),
                executor: Executor(threads: 2))
            let kv = gemma.makeCache(capacity: 64, element: cache)
            var input = Array(windows.tokens[64..<128])
            input[0] = try #require(sample.model.tokenizer.bos)
            try gemma.forward(input, cache: kv)
            return [32, 62].map { row in
                // on the paths of a prefill, though it is one row
                let logits = gemma.logits(rows: [row], planned: 64)[row: 0].map(Double.init)
                let top = logits.max() ?? 0
                let sum = log(logits.reduce(0) { $0 + exp($1 - top) }) + top
                return logits.map { $0 - sum }
            }
        }
        let (q, p) = (try logits(child, .f16), try logits(parent, .f32))
        for (index, place) in [(0, 31), (1, 61)] {
            let expected = zip(p[index], q[index]).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
            #expect(abs(result.divergences[place] - expected) < 1e-5 + 1e-4 * expected, "\(place)")
        }
    }

    @Test func aModelIsNotFarFromItself() throws {
        let sample = try SampleText("F16")
        let windows = try sample.windows(512, limit: 2)
        let reader = try sample.reader(windows, precision: .full, cache: .f32)
        let base = try sample.reader(windows, precision: .full, cache: .f32)
        let result = try #require(try TextDivergence.compare([reader], with: .live(base), on: windows).first)
        #expect(result.divergences.allSatisfy { $0 == 0 } && result.agreement == Estimate(1, 0))
        #expect(result.perplexityRatio == Estimate(1, 0) && result.perplexityDifference.value == 0)
    }

    /// More bits, less divergence; several children at once are what each is alone.
    @Test func coarserFormatsAreFartherAway() throws {
        let parent = try SampleText("F16")
        let windows = try parent.windows(512, limit: 4)
        let children = try ["Q8_0", "Q4_K_M", "Q2_K"].map { try SampleText($0) }
        let base = try parent.reader(windows, precision: .full, cache: .f32)
        let together = try TextDivergence.compare(
            children.map { try $0.reader(windows) }, with: .live(base), on: windows)
        let means = together.map(\.mean.value)
        #expect(means[0] > 0 && means[0] < means[1] / 2 && means[1] < means[2] / 4, "\(means)")
        #expect(together[0].agreement.value > together[2].agreement.value)
        let alone = try compare(children[1], parent, windows)
        #expect(alone.divergences == together[1].divergences)
        let report = DivergenceReport(alone).text
        for part in ["Mean    KLD: ", "Median  KLD: ", "99.0%   KLD: ", "Same top p: ", "Mean PPL(Q)"] {
            #expect(report.contains(part), "\(part)")
        }
    }

    @Test func modelsOfOtherTokensAreRefused() throws {
        let sample = try SampleText("Q4_K_M")
        let other = try GemmaModel(try RandomModel().file())
        #expect(
            throws: EvaluationError.vocabulary(
                child: sample.model.tokenizer.vocabulary.count, parent: other.tokenizer.vocabulary.count)
        ) {
            try TextDivergence.requireSameTokens(
                sample.model.tokenizer.vocabulary, other.tokenizer.vocabulary)
        }
        var random = RandomModel()
        let tokens = RandomModel.vocabulary.map { $0.text == "th" ? "ht" : $0.text }
        random.overrides = ["tokenizer.ggml.tokens": .array(ArrayValue(tokens))]
        let twisted = try GemmaModel(try random.file())
        #expect(throws: EvaluationError.tokenizer) {
            try TextDivergence.requireSameTokens(other.tokenizer.vocabulary, twisted.tokenizer.vocabulary)
        }
    }
}
