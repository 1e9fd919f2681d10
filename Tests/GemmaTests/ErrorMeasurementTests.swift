import Compute
import GGUF
import Gemma
import Planner
import TestSupport
import Testing

@Suite struct ErrorMeasurementTests {
    /// A model of one format; `outlier` multiplies one channel of the input of layer 1's attention.
    private func model(_ type: TensorType, layers: Int = 3, outlier: Float = 1) throws -> GemmaModel {
        var random = RandomModel()
        random.layers = layers
        random.format = { _ in type }
        var bytes = random.encoded()
        let norm = try random.file().requireTensor("blk.1.attn_norm.weight")
        let channel = norm.offset + 4 * 77
        bytes.replaceSubrange(
            channel..<channel + 4, with: withUnsafeBytes(of: outlier.bitPattern.littleEndian) { Array($0) })
        return try GemmaModel(try GGUFFile(bytes: FileBytes(copying: bytes)))
    }

    private func plan(_ model: GemmaModel, _ table: ErrorTable) -> Plan {
        Plan(
            weights: model.weights.planned, costs: .reference(.avx2), errors: table, errorBudget: 0.026, threads: 2,
            prefillThreads: 2)
    }

    @Test func everyWeightIsMeasured() throws {
        let model = try model(.Q4_K)
        let table = ErrorMeasurement.table(of: model, threads: 2)
        #expect(Set(table.entries.map { "\($0.layer ?? -1) \($0.weightClass)" }).count == 3 * 7 + 1)
        #expect(table.entries.count == 3 * 7 + 1)
        for entry in table.entries { #expect(entry.error > 0.002 && entry.error < 0.026, "\(entry)") }
        let plan = plan(model, table)
        #expect(plan.weights.indices.allSatisfy { plan.error(of: $0) == plan.errors[$0] })
    }

    @Test func itHasNoNoise() throws {
        let model = try model(.Q2_K)
        let table = ErrorMeasurement.table(of: model, threads: 2)
        #expect(ErrorMeasurement.table(of: model, threads: 1) == table)
        #expect(ErrorMeasurement.table(of: model, threads: 2) == table)
    }

    @Test func onlyTheLayerWithOutliersGoesToBLAS() throws {
        let model = try model(.Q4_K, outlier: 100)
        let plan = plan(model, ErrorMeasurement.table(of: model, threads: 2))
        for weight in plan.weights {
            let readsOutliers = weight.layer == 1 && [.query, .key, .value].contains(weight.weightClass)
            for n in [2, 64, 512] {
                let choice = plan.choice(layer: weight.layer, weight.weightClass, positions: n)
                #expect(choice.path == (readsOutliers ? .blas : .quant), "\(weight) at \(n)")
            }
            #expect(
                (plan.reason(layer: weight.layer, weight.weightClass, positions: 64) == .overBudget) == readsOutliers)
        }
    }

    /// The plan's choices reach the forward pass: the layer on BLAS has the bits of full precision there.
    @Test func theForwardPassFollowsThePlan() throws {
        let model = try model(.Q4_K, outlier: 100)
        let tokens: [Int32] = [2, 40, 80, 120, 160]
        func query(_ plan: Plan, layer wanted: Int) throws -> [Float] {
            let gemma = Gemma(model, plan: plan, executor: Executor(threads: 2), ubatch: 8)
            var result: [Float] = []
            gemma.probe = { step, layer, matrix, _ in
                if step == .query, layer == wanted { result = matrix[row: 4] }
            }
            try gemma.forward(tokens, cache: gemma.makeCache(capacity: 8))
            return result
        }
        let mixed = plan(model, ErrorMeasurement.table(of: model, threads: 2))
        #expect(try query(mixed, layer: 0) == (try query(.uniform(.quant), layer: 0)))
        #expect(try query(mixed, layer: 1) != (try query(.uniform(.quant), layer: 1)))
    }

    @Test func floatWeightsHaveNothingToMeasure() throws {
        #expect(ErrorMeasurement.table(of: try model(.F16), threads: 1).entries.isEmpty)
    }

    @Test func modelsInMemoryHaveNoIdentity() throws { #expect(try model(.F16).identity == nil) }
}
