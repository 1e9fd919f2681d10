import Compute
import GGUF
import TestSupport
import Testing

@Suite struct FeedForwardTests {
    private static let width = 512, hidden = 1024

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
        _ w: Weights, _ x: Matrix, threads: Int, kernels: Kernels = .best, gatePath: MatmulPath = .quant,
        keepsGated: Bool
    ) -> (output: [[Float]], gated: [Float]) {
        let n = x.rowCapacity
        let executor = Executor(threads: threads, kernels: kernels)
        let gate = Matrix(rows: n, columns: Self.hidden), up = Matrix(rows: n, columns: Self.hidden)
        let y = Matrix(rows: n, columns: Self.width)
        executor.feedForward(
            x, rows: n, gate: Projection(w.gate, to: gate, path: gatePath),
            up: Projection(w.up, to: up, path: .quant), down: Projection(w.down, to: y, path: .quant),
            keepsGated: keepsGated)
        return ((0..<n).map { y[row: $0] }, gate[row: 0])
    }

    /// Kernel tables with tiles that this CPU has.
    static let tiled = [Kernels.InstructionSet.avx2, .avxvnni, .avx512vnni, .neon].compactMap { Kernels($0) }

    @Test(arguments: tiled, [8, 9, 130, 600])
    func whatNeverLiesInMemoryHasTheSameBits(kernels: Kernels, n: Int) throws {
        let w = try weights(gate: .Q4_K, up: .Q2_K, down: .Q6_K)
        let x = input(rows: n)
        let apart = run(w, x, threads: 2, kernels: kernels, keepsGated: true)
        #expect(apart.gated.contains { $0 != 0 })
        for threads in n == 130 ? [1, 17] : [1, 3] {  // 17: more than there are chunks of whole blocks
            let fused = run(w, x, threads: threads, kernels: kernels, keepsGated: false)
            #expect(fused.output == apart.output, "\(threads) threads")
            #expect(fused.gated.allSatisfy { $0 == 0 }, "it went through memory")
        }
    }

    @Test func anUbatchGivesEachPositionItsOwnBits() throws {
        let w = try weights(gate: .Q3_K, up: .Q5_K, down: .Q4_K)
        let x = input(rows: 40)
        let together = run(w, x, threads: 2, keepsGated: false).output
        for row in [0, 7, 39] {
            let alone = Matrix(rows: 1, columns: Self.width)
            alone[row: 0] = x[row: row]
            #expect(run(w, alone, threads: 2, keepsGated: false).output[0] == together[row])
        }
    }

    @Test func whereATileIsMissingItGoesThroughMemory() throws {
        let x = input(rows: 20)
        let byBLAS = try weights(gate: .Q4_K, up: .Q4_K, down: .Q4_K)
        #expect(run(byBLAS, x, threads: 2, gatePath: .blas, keepsGated: false).gated.contains { $0 != 0 })
        let byDots = try weights(gate: .Q8_0, up: .Q4_K, down: .Q4_K)
        #expect(run(byDots, x, threads: 2, keepsGated: false).gated.contains { $0 != 0 })
        #expect(run(byBLAS, x, threads: 2, kernels: .portable, keepsGated: false).gated.contains { $0 != 0 })
    }
}
