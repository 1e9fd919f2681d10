import Compute
import Foundation
import TestSupport
import Testing

@Suite struct SoftmaxTests {
    private func matrix(_ columns: Int, _ seed: UInt64, rows: Int = 3, scale: Float = 4) -> Matrix {
        var random = SplitMix(seed)
        let matrix = Matrix(rows: rows, columns: columns)
        for row in 0..<rows { matrix[row: row] = (0..<columns).map { _ in scale * random.gaussian() } }
        return matrix
    }

    /// ln of the softmax of a row, in Double.
    private func logSoftmax(_ row: [Float]) -> [Double] {
        let values = row.map(Double.init)
        let top = values.max() ?? 0
        let sum = log(values.reduce(0) { $0 + exp($1 - top) }) + top
        return values.map { $0 - sum }
    }

    @Test(arguments: [Kernels.best, .portable], [1, 7, 8, 37, 4096, 100_003])
    func predictionsAreLogSoftmax(kernels: Kernels, columns: Int) {
        let logits = matrix(columns, 1)
        let tokens = [0, columns / 2, columns - 1].map { Int32($0) }
        let predictions = Executor(threads: 2, kernels: kernels).predictions(of: tokens[...], in: logits)
        #expect(predictions.count == 3)
        for (row, prediction) in predictions.enumerated() {
            let expected = logSoftmax(logits[row: row])
            #expect(abs(prediction.logProbability - expected[Int(tokens[row])]) < 2e-6)
            #expect(expected.firstIndex(of: expected.max() ?? 0) == Int(prediction.best))
        }
    }

    @Test(arguments: [Kernels.best, .portable], [1, 7, 64, 4099])
    func divergencesAreTheDefinition(kernels: Kernels, columns: Int) {
        let (parent, child) = (matrix(columns, 2), matrix(columns, 3))
        let tokens = [Int32](repeating: 0, count: 3)
        let found = Executor(threads: 2, kernels: kernels).divergences(of: child, from: parent, tokens: tokens[...])
        for (row, token) in found.enumerated() {
            let (p, q) = (logSoftmax(parent[row: row]), logSoftmax(child[row: row]))
            let expected = zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
            #expect(abs(token.divergence - expected) < 2e-6 + 2e-6 * expected)
            #expect(abs(token.parent.logProbability - p[0]) < 2e-6 && abs(token.child.logProbability - q[0]) < 2e-6)
        }
        let same = Executor(threads: 1, kernels: kernels).divergences(of: child, from: child, tokens: tokens[...])
        #expect(same.allSatisfy { $0.divergence == 0 })
    }

    @Test(arguments: [Kernels.best, .portable], [Float.nan, .infinity])
    func whatIsNoNumberStaysSo(kernels: Kernels, value: Float) {
        for column in [0, 9, 36] {
            let logits = matrix(37, 4, rows: 1)
            var row = logits[row: 0]
            row[column] = value
            logits[row: 0] = row
            let executor = Executor(threads: 1, kernels: kernels)
            #expect(executor.predictions(of: [1], in: logits)[0].logProbability.isNaN)
        }
        let nothing = Matrix(rows: 1, columns: 16)
        nothing[row: 0] = Array(repeating: -.infinity, count: 16)
        #expect(Executor(threads: 1, kernels: kernels).predictions(of: [1], in: nothing)[0].logProbability.isNaN)
    }

    /// What a parent excludes adds nothing, whatever the child says of it.
    @Test(arguments: [Kernels.best, .portable])
    func impossibleTokensAddNothing(kernels: Kernels) {
        let (parent, child) = (matrix(40, 5, rows: 1), matrix(40, 6, rows: 1))
        var row = parent[row: 0]
        (row[3], row[39]) = (-.infinity, -.infinity)
        parent[row: 0] = row
        let found = Executor(threads: 1, kernels: kernels).divergences(of: child, from: parent, tokens: [0])
        #expect(found[0].divergence.isFinite && found[0].divergence > 0)
    }
}
