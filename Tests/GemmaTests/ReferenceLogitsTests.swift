import Compute
import GGUF
import Gemma
import Planner
import TestSupport
import Testing
import Tokenizer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Any model file against logits that another program wrote down, at full size for instance. `CARAT_REFERENCE` names
/// pairs of files: `model.gguf=logits.bin`, apart by commas. The second holds, little-endian, the number of positions
/// and of tokens in the vocabulary (Int32), the token ids (Int32), and the logits [positions, vocabulary] (Float).
@Suite(.serialized) struct ReferenceLogitsTests {
    static let pairs = (ProcessInfo.processInfo.environment["CARAT_REFERENCE"] ?? "").split(separator: ",").map(
        String.init)

    @Test(
        .enabled(if: !pairs.isEmpty, "set CARAT_REFERENCE to model.gguf=logits.bin"), arguments: pairs,
        Precision.allCases)
    func theFirstChoiceAgrees(pair: String, precision: Precision) throws {
        let parts = pair.split(separator: "=").map(String.init)
        try #require(parts.count == 2)
        let data = try Data(contentsOf: URL(filePath: parts[1]), options: .mappedIfSafe)
        let model = try GemmaModel(try GGUFFile(path: parts[0]))
        func int32(_ index: Int) -> Int32 {
            data.withUnsafeBytes { $0.load(fromByteOffset: 4 * index, as: Int32.self) }
        }
        let (n, vocabulary) = (Int(int32(0)), Int(int32(1)))
        try #require(vocabulary == model.tokenizer.vocabulary.count && n <= 512)
        let tokens = (0..<n).map { int32(2 + $0) }

        let threads = ThreadBudget.current().threads
        let plan = Plan(
            weights: model.weights.planned, costs: .reference(Kernels.best.instructionSet), precision: precision,
            threads: threads, prefillThreads: threads)
        let gemma = Gemma(model, plan: plan, executor: Executor(threads: threads))
        try gemma.forward(tokens, cache: gemma.makeCache(capacity: n))
        var agreed = 0
        var unexplained = 0
        for position in 0..<n {
            let reference: [Float] = data.withUnsafeBytes { raw in
                (0..<vocabulary).map {
                    raw.load(fromByteOffset: 4 * (2 + n + position * vocabulary + $0), as: Float.self)
                }
            }
            let ours = gemma.logits(rows: position..<position + 1)[row: 0]
            let mine = try #require(ours.indices.max { ours[$0] < ours[$1] })
            let theirs = try #require(reference.indices.max { reference[$0] < reference[$1] })
            let range = (reference.max() ?? 0) - (reference.min() ?? 0)
            if mine == theirs {
                agreed += 1
            } else if reference[theirs] - reference[mine] > 0.01 * range {
                unexplained += 1
            }
        }
        print(
            "\(parts[0].split(separator: "/").last ?? "") \(precision.rawValue): first choice agrees at \(agreed) of \(n)"
        )
        #expect(
            agreed >= n * 63 / 64 || unexplained == 0, "\(unexplained) differ by more than 1 % of the logits' range")
    }
}
