import Compute
import GGUF
import TestSupport
import Testing

@Suite struct ProjectionTests {
    static let formats = WeightFormat.allCases

    private func weight(_ format: WeightFormat, rows: Int, columns: Int) throws -> Weight {
        let type = try #require(TensorType.computable.first { $0.name == format.rawValue })
        let (file, tensor) = try TensorFile.random(type, rows: rows, columns: columns)
        return try Weight(tensor, in: file)
    }

    private func input(rows: Int, columns: Int) -> Matrix {
        var random = SplitMix(3)
        let x = Matrix(rows: rows, columns: columns)
        for row in 0..<rows { x[row: row] = (0..<columns).map { _ in random.gaussian() } }
        return x
    }

    private func product(
        _ weight: Weight, _ x: Matrix, rows n: Int, path: MatmulPath, threads: Int, kernels: Kernels = .best
    ) -> [[Float]] {
        let executor = Executor(threads: threads, kernels: kernels)
        let y = Matrix(rows: n, columns: weight.rows)
        executor.project(x, rows: n, Projection(weight, to: y, path: path))
        return (0..<n).map { y[row: $0] }
    }

    /// Sum in Double over the dequantized weights: what both paths stand for.
    private func reference(_ weight: Weight, _ x: Matrix, rows n: Int) -> [[Double]] {
        let rows = (0..<weight.rows).map { weight.dequantizedRow($0) }
        return (0..<n).map { i in
            let xs = x[row: i]
            return rows.map { row in zip(row, xs).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
        }
    }

    /// Error over the size of the reference, both as root mean squares.
    private func relativeError(_ y: [[Float]], _ reference: [[Double]]) -> Double {
        var error = 0.0
        var size = 0.0
        for (a, b) in zip(y.joined(), reference.joined()) {
            error += (Double(a) - b) * (Double(a) - b)
            size += b * b
        }
        return (error / size).squareRoot()
    }

    @Test(arguments: formats, [1, 5])
    func bothPathsGiveTheProduct(format: WeightFormat, n: Int) throws {
        // more columns than a panel has, rows that are no multiple of any tile
        let w = try weight(format, rows: 67, columns: 2304)
        let x = input(rows: n, columns: 2304)
        let expected = reference(w, x, rows: n)
        #expect(relativeError(product(w, x, rows: n, path: .blas, threads: 2), expected) < 1e-5)
        // int8 rounding of Gaussian activations: an error of about amax / 127 / sqrt(12) each
        let limit = format.activation == .float ? 1e-5 : 0.012
        #expect(relativeError(product(w, x, rows: n, path: .quant, threads: 2), expected) < limit)
    }

    @Test(arguments: formats, MatmulPath.allCases)
    func threadsDoNotChangeABit(format: WeightFormat, path: MatmulPath) throws {
        let w = try weight(format, rows: 1100, columns: 512)
        let x = input(rows: 9, columns: 512)
        let one = product(w, x, rows: 9, path: path, threads: 1)
        #expect(product(w, x, rows: 9, path: path, threads: 2) == one)
        #expect(product(w, x, rows: 9, path: path, threads: 3) == one)
    }

    @Test(arguments: formats)
    func aPositionHasTheSameBitsAloneAndInAUbatch(format: WeightFormat) throws {
        let w = try weight(format, rows: 130, columns: 512)
        let x = input(rows: 33, columns: 512)
        let together = product(w, x, rows: 33, path: .quant, threads: 2)
        for row in [0, 1, 31, 32] {
            let alone = Matrix(rows: 1, columns: 512)
            alone[row: 0] = x[row: row]
            #expect(product(w, alone, rows: 1, path: .quant, threads: 2)[0] == together[row])
        }
    }

    @Test func outputsTooLargeForTheCachesHaveTheSameBits() throws {
        let w = try weight(.Q4_K, rows: 4112, columns: 256)
        let x = input(rows: 515, columns: 256)
        let together = product(w, x, rows: 515, path: .quant, threads: 2)
        for row in [0, 1, 510, 511, 512, 514] {
            let alone = Matrix(rows: 1, columns: 256)
            alone[row: 0] = x[row: row]
            #expect(product(w, alone, rows: 1, path: .quant, threads: 1)[0] == together[row])
        }
    }

    @Test(arguments: formats.filter { $0.activation != .float })
    func instructionSetsAgreeBitForBit(format: WeightFormat) throws {
        let w = try weight(format, rows: 37, columns: 768)
        let x = input(rows: 3, columns: 768)
        #expect(
            product(w, x, rows: 3, path: .quant, threads: 1, kernels: .portable)
                == product(w, x, rows: 3, path: .quant, threads: 1, kernels: .best))
    }

    /// From some number of positions on, formats may want one input in several orders at once.
    @Test(arguments: [3, 4, 40]) func formatsThatShareAnInputEachTakeItAsTheyNeedIt(n: Int) throws {
        let formats: [[WeightFormat]] = [[.Q2_K, .Q4_K, .Q8_0], [.Q6_K, .Q3_K, .Q2_K], [.Q3_K, .Q2_K, .Q3_K]]
        let x = input(rows: n, columns: 512)
        for kernels in Kernels.InstructionSet.allCases.compactMap({ Kernels($0) }) {
            let executor = Executor(threads: 2, kernels: kernels)
            for formats in formats {
                let weights = try formats.map { try weight($0, rows: 72, columns: 512) }
                let projections = weights.map {
                    Projection($0, to: Matrix(rows: n, columns: $0.rows), path: .quant)
                }
                executor.project(x, rows: n, projections)
                for projection in projections {
                    let rows = (0..<n).map { projection.output[row: $0] }
                    let alone = product(projection.weight, x, rows: n, path: .quant, threads: 1, kernels: .portable)
                    #expect(rows == alone, "\(kernels.instructionSet) \(projection.weight.format) of \(formats)")
                }
            }
        }
    }

    @Test func projectionsThatShareAnInputAreIndependent() throws {
        let a = try weight(.Q4_K, rows: 40, columns: 256)
        let b = try weight(.Q8_0, rows: 72, columns: 256)
        let c = try weight(.F16, rows: 8, columns: 256)
        let x = input(rows: 2, columns: 256)
        let executor = Executor(threads: 2)
        let outputs = [a, b, c].map { Matrix(rows: 2, columns: $0.rows) }
        let paths: [MatmulPath] = [.quant, .quant, .blas]
        let projections = zip(zip([a, b, c], outputs), paths).map { Projection($0.0, to: $0.1, path: $1) }
        executor.project(x, rows: 2, projections[0], projections[1], projections[2])
        for (index, w) in [a, b, c].enumerated() {
            #expect(
                [outputs[index][row: 0], outputs[index][row: 1]]
                    == product(w, x, rows: 2, path: paths[index], threads: 1))
        }
    }
}
