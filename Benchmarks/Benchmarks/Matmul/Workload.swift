import Compute
import GGUF
import Synthetic

/// A projection with random weights and inputs, ready to run.
final class Workload {
    private let executor = Executor(threads: ThreadBudget.current().threads)
    private let input: Matrix
    private let projection: Projection
    private let positions: Int

    init(_ type: TensorType, rows: Int, columns: Int, positions: Int, path: MatmulPath) throws {
        self.positions = positions
        var random = SplitMix(1)
        let bytes = RandomBlocks.bytes(type, count: rows * columns, scale: 0.02, &random)
        var writer = GGUFWriter()
        writer.addTensor("weight", type: type, shape: [columns, rows], bytes: bytes)
        let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
        let weight = try Weight(try file.requireTensor("weight"), in: file)

        input = Matrix(rows: positions, columns: columns)
        for row in 0..<positions { input[row: row] = (0..<columns).map { _ in .random(in: -1...1, using: &random) } }
        projection = Projection(weight, to: Matrix(rows: positions, columns: rows), path: path)
    }

    func run() { executor.project(input, rows: positions, projection) }
}
