import Compute
import Foundation
import GGUF
import TestSupport
import Testing

@Suite struct ElementwiseTests {
    private func random(_ count: Int, scale: Float = 3) -> [Float] {
        var random = SplitMix(5)
        return (0..<count).map { _ in scale * random.gaussian() }
    }

    @Test(arguments: [Kernels.best, .portable], [1, 8, 37, 256, 2048])
    func rmsNormDividesByTheRoot(kernels: Kernels, columns: Int) {
        let x = Matrix(rows: 2, columns: columns)
        x[row: 0] = random(columns)
        x[row: 1] = random(columns, scale: 1e-4)
        let weight = random(columns)
        let y = Matrix(rows: 2, columns: columns)
        Executor(threads: 2, kernels: kernels)
            .rmsNorm(x, weight: Vector(weight), epsilon: 1e-6, rows: 2, into: y)
        for row in 0..<2 {
            let mean = x[row: row].reduce(0.0) { $0 + Double($1) * Double($1) } / Double(columns)
            for (index, value) in y[row: row].enumerated() {
                let expected = Double(x[row: row][index]) / (mean + 1e-6).squareRoot() * Double(weight[index])
                #expect(abs(Double(value) - expected) <= 2e-6 * abs(expected) + 1e-7)
            }
        }
    }

    @Test(arguments: [Kernels.best, .portable], [5, 512, 4100])
    func geGLUGatesByTheTanhForm(kernels: Kernels, columns: Int) {
        let gate = Matrix(rows: 1, columns: columns)
        let up = Matrix(rows: 1, columns: columns)
        var gates = random(columns, scale: 4)
        gates.replaceSubrange(0..<5, with: [0, -30, 30, 1e-8, -6])
        gate[row: 0] = gates
        up[row: 0] = random(columns)
        let ups = up[row: 0]
        Executor(threads: 2, kernels: kernels).geGLU(gate: gate, up: up, rows: 1)
        for (index, value) in gate[row: 0].enumerated() {
            let g = Double(gates[index])
            let u = Double(ups[index])
            let inner: Double = (2 / Double.pi).squareRoot() * (g + 0.044715 * g * g * g)
            let expected: Double = 0.5 * g * (1 + tanh(inner)) * u
            let tolerance: Double = 2e-6 * abs(g * u) + 1e-9
            #expect(abs(Double(value) - expected) <= tolerance)
        }
    }

    @Test(arguments: [4096, 4097, 16384])
    func geGLUReachesEveryColumnOnAnyNumberOfThreads(columns: Int) {
        let gates = random(columns)
        func gated(_ threads: Int) -> [Float] {
            let gate = Matrix(rows: 1, columns: columns)
            let up = Matrix(rows: 1, columns: columns)
            gate[row: 0] = gates
            up[row: 0] = Array(repeating: 1, count: columns)
            Executor(threads: threads).geGLU(gate: gate, up: up, rows: 1)
            return gate[row: 0]
        }
        let one = gated(1)
        for threads in [2, 3, 7, 59, 73, 85, 128] { #expect(gated(threads) == one, "\(threads) threads") }
    }

    @Test func notANumberIsPassedOn() {
        for kernels in [Kernels.best, .portable] {
            let executor = Executor(threads: 1, kernels: kernels)
            let x = Matrix(rows: 1, columns: 64)
            x[row: 0] = [.nan] + Array(repeating: 1, count: 63)
            let y = Matrix(rows: 1, columns: 64)
            executor.rmsNorm(x, weight: Vector(Array(repeating: 1, count: 64)), epsilon: 1e-6, rows: 1, into: y)
            #expect(y[row: 0].allSatisfy { $0.isNaN })
            executor.geGLU(gate: x, up: y, rows: 1)
            #expect(x[row: 0][0].isNaN)
        }
    }

    @Test(arguments: [Kernels.best, .portable])
    func ropeTurnsPairsByTheirAngle(kernels: Kernels) {
        let rope = RoPE(headDim: 16, base: 10_000)
        let executor = Executor(threads: 1, kernels: kernels)
        let angles = Matrix(rows: 1, columns: 16)
        let cache = KVCache(layers: 1, kvHeads: 1, headDim: 16, capacity: 7002)
        cache.advance(to: 7001)
        let batch = Batch()
        batch.fill([KVCache.Span(cache, count: 1)])
        executor.fillAngles(rope, batch: batch, into: angles)
        let x = Matrix(rows: 1, columns: 32)
        x[row: 0] = random(32)
        let before = x[row: 0]
        executor.rotate(x, angles: angles, rows: 1, scale: 0.5)
        let after = x[row: 0]
        for head in 0..<2 {
            for pair in 0..<8 {
                let angle: Double = 7001 * pow(10_000.0, -2 * Double(pair) / 16)
                let (a, b) = (Double(before[head * 16 + pair]), Double(before[head * 16 + pair + 8]))
                let first: Double = 0.5 * (a * cos(angle) - b * sin(angle))
                let second: Double = 0.5 * (a * sin(angle) + b * cos(angle))
                #expect(abs(Double(after[head * 16 + pair]) - first) < 1e-5)
                #expect(abs(Double(after[head * 16 + pair + 8]) - second) < 1e-5)
            }
        }
    }

    @Test func lookUpScalesTheRow() throws {
        let (file, tensor) = try TensorFile.random(.Q6_K, rows: 9, columns: 256)
        let table = try Weight(tensor, in: file)
        let x = Matrix(rows: 3, columns: 256)
        Executor(threads: 2).lookUp([8, 0, 3], in: table, scale: 16, into: x)
        for (row, index) in [8, 0, 3].enumerated() {
            #expect(x[row: row] == table.dequantizedRow(index).map { $0 * 16 })
        }
    }
}
