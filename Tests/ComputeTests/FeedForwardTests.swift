import Compute
import GGUF
import TestSupport
import Testing

@Suite struct FeedForwardTests {
    private static let width = 512, hidden = 2048

    private func weight(_ format: WeightFormat, rows: Int, columns: Int) throws -> Weight {
        let type = try #require(TensorType.computable.first { $0.name == format.rawValue })
        let (file, tensor) = try TensorFile.random(type, rows: rows, columns: columns)
        return try Weight(tensor, in: file)
    }

    private func input(rows: Int) -> Matrix {
        var random = SplitMix(7)
        let x = Matrix(rows: rows, columns: Self.width)
        for row in 0..<rows { x[row: row] = (0..<Self.width).map { _ in random.gaussian() } }
        return x
    }

    private struct Weights {
        let gate: Weight, up: Weight, down: Weight
    }

    private func weights(gate: WeightFormat, up: WeightFormat, down: WeightFormat) throws -> Weights {
        Weights(
            gate: try weight(gate, rows: Self.hidden, columns: Self.width),
            up: try weight(up, rows: Self.hidden, columns: Self.width),
            down: try weight(down, rows: Self.width, columns: Self.hidden))
    }

    /// What comes out, and the first row of the gate's matrix: zeros where it was never written.
    private func run(
        _ w: Weights, _ x: Matrix, rows n: Int, on executor: Executor, gatePath: MatmulPath = .quant,
        gateThreads: Int = .max, keepsGated: Bool = false
    ) -> (output: [[Float]], gated: [Float]) {
        let gate = Matrix(rows: n, columns: Self.hidden), up = Matrix(rows: n, columns: Self.hidden)
        let y = Matrix(rows: n, columns: Self.width)
        executor.feedForward(
            x, rows: n, gate: Projection(w.gate, to: gate, path: gatePath, threads: gateThreads),
            up: Projection(w.up, to: up, path: .quant, threads: gateThreads),
            down: Projection(w.down, to: y, path: .quant), keepsGated: keepsGated)
        return ((0..<n).map { y[row: $0] }, gate[row: 0])
    }

    /// Kernel tables with tiles that this CPU has.
    static let tiled = [Kernels.InstructionSet.avx2, .avxvnni, .avx512vnni, .neon].compactMap { Kernels($0) }

    @Test(arguments: tiled, [64, 65, 130, 600])
    func whatNeverLiesInMemoryHasTheSameBits(kernels: Kernels, n: Int) throws {
        let w = try weights(gate: .Q4_K, up: .Q2_K, down: .Q6_K)
        let x = input(rows: n)
        let apart = run(w, x, rows: n, on: Executor(threads: 2, kernels: kernels), keepsGated: true)
        #expect(apart.gated.contains { $0 != 0 })
        for threads in [1, 2, 3, 17] {  // 3 and 17: eight blocks can't be shared out evenly among them
            let result = run(w, x, rows: n, on: Executor(threads: threads, kernels: kernels))
            #expect(result.output == apart.output, "\(threads) threads")
            if threads < 3 { #expect(result.gated.allSatisfy { $0 == 0 }, "it went through memory") }
        }
        let alone = run(w, x, rows: n, on: Executor(threads: 2, kernels: kernels), gateThreads: 1)
        #expect(alone.output == apart.output)
        #expect(alone.gated.allSatisfy { $0 == 0 }, "it went through memory")
    }

    /// Formats that take activations in another order, beside some that don't.
    @Test(arguments: tiled, [[WeightFormat.Q2_K, .Q4_K, .Q3_K], [.Q6_K, .Q3_K, .Q2_K], [.Q2_K, .Q2_K, .Q3_K]])
    func orders(kernels: Kernels, formats: [WeightFormat]) throws {
        let w = try weights(gate: formats[0], up: formats[1], down: formats[2])
        let x = input(rows: 70)
        let executor = Executor(threads: 2, kernels: kernels)
        let fused = run(w, x, rows: 70, on: executor)
        #expect(fused.gated.allSatisfy { $0 == 0 }, "it went through memory")
        let apart = run(w, x, rows: 70, on: executor, keepsGated: true)
        #expect(fused.output == apart.output)
        for row in [0, 69] {
            let alone = Matrix(rows: 1, columns: Self.width)
            alone[row: 0] = x[row: row]
            #expect(run(w, alone, rows: 1, on: executor).output[0] == fused.output[row])
        }
    }

    @Test func anExecutorTakesUbatchesOfAnySizeInTurn() throws {
        let w = try weights(gate: .Q3_K, up: .Q5_K, down: .Q4_K)
        let x = input(rows: 1100)
        let executor = Executor(threads: 2)
        let most = run(w, x, rows: 1100, on: executor).output
        for n in [64, 9, 1100, 1, 520] {
            #expect(run(w, x, rows: n, on: executor).output == Array(most.prefix(n)), "\(n) rows")
        }
    }

    @Test(arguments: tiled) func fewRowsGoThroughMemory(kernels: Kernels) throws {
        let w = try weights(gate: .Q4_K, up: .Q4_K, down: .Q4_K)
        for n in [1, 9, 63] {
            let result = run(w, input(rows: n), rows: n, on: Executor(threads: 2, kernels: kernels))
            #expect(result.gated.contains { $0 != 0 }, "\(n) rows")
        }
    }

    @Test func anUbatchGivesEachPositionItsOwnBits() throws {
        let w = try weights(gate: .Q3_K, up: .Q5_K, down: .Q4_K)
        let x = input(rows: 70)
        let executor = Executor(threads: 2)
        let together = run(w, x, rows: 70, on: executor).output
        for row in [0, 7, 69] {
            let alone = Matrix(rows: 1, columns: Self.width)
            alone[row: 0] = x[row: row]
            #expect(run(w, alone, rows: 1, on: executor).output[0] == together[row])
        }
    }

    @Test func whereATileIsMissingItGoesThroughMemory() throws {
        let x = input(rows: 80)
        let byBLAS = try weights(gate: .Q4_K, up: .Q4_K, down: .Q4_K)
        let executor = Executor(threads: 2)
        #expect(run(byBLAS, x, rows: 80, on: executor, gatePath: .blas).gated.contains { $0 != 0 })
        let byDots = try weights(gate: .Q8_0, up: .Q4_K, down: .Q4_K)
        #expect(run(byDots, x, rows: 80, on: executor).gated.contains { $0 != 0 })
        let portable = Executor(threads: 2, kernels: .portable)
        #expect(run(byBLAS, x, rows: 80, on: portable).gated.contains { $0 != 0 })
    }
}
