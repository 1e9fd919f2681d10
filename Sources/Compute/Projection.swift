/// One weight, the matrix that its product goes to, and the way to compute it.
///
/// Shape: output [n, weight.rows] = input [n, weight.columns] x transposed weight.
public struct Projection {
    public let weight: Weight
    public let output: Matrix
    public let path: MatmulPath
    /// The most threads worth using; a region takes what its most demanding projection wants, within the executor's.
    public let threads: Int

    public init(_ weight: Weight, to output: Matrix, path: MatmulPath, threads: Int = .max) {
        precondition(
            output.columns == weight.rows, "\(weight.name): \(weight.rows) rows into \(output.columns) columns")
        self.weight = weight
        self.output = output
        self.path = path
        self.threads = threads
    }
}

extension Executor {
    /// Computes projections that share the first `n` rows of one input, in one parallel region.
    public func project(_ input: Matrix, rows n: Int, _ projections: [Projection]) {
        precondition(n >= 0 && n <= input.rowCapacity, "\(n) of \(input.rowCapacity) rows")
        guard n > 0 else { return }
        for p in projections {
            precondition(
                p.weight.columns == input.columns,
                "\(p.weight.name) takes \(p.weight.columns) columns, not \(input.columns)")
            precondition(n <= p.output.rowCapacity, "\(n) rows into \(p.output.rowCapacity)")
        }
        quantizeInput(input, rows: n, for: projections)
        let kernels = projections.map { self.kernel(for: $0, input: input, rows: n) }
        let chunks = kernels.reduce(0) { $0 + $1.chunks }
        let wanted = projections.reduce(1) { max($0, $1.threads) }
        team.run(chunks: chunks, threads: min(threads, wanted)) { chunk, worker in
            var chunk = chunk
            for kernel in kernels {
                if chunk < kernel.chunks { return kernel.run(chunk, worker) }
                chunk -= kernel.chunks
            }
        }
    }

    /// The work of one projection, cut into chunks of weight rows.
    struct ChunkedKernel {
        let chunks: Int
        let run: (_ chunk: Int, _ worker: Int) -> Void
    }

    private func kernel(for projection: Projection, input: Matrix, rows: Int) -> ChunkedKernel {
        switch projection.path {
        case .blas: panelKernel(projection, input: input, rows: rows)
        case .quant: dotKernel(projection, input: input, rows: rows)
        }
    }

    private func quantizeInput(_ input: Matrix, rows: Int, for projections: [Projection]) {
        for blocks in [int8x32, int8x256] {
            let isNeeded = projections.contains { $0.path == .quant && $0.weight.format.activation == blocks.format }
            guard isNeeded else { continue }
            blocks.reserve(rows: rows, columns: input.columns)
            forEach(rows) { row in
                blocks.quantize(input.row(row), columns: input.columns, row: row, kernels: kernels)
            }
        }
    }
}
