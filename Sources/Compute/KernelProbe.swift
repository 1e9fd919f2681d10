/// The steps inside a projection, alone: for benches that ask where its time goes.
extension Executor {
    /// Turns all rows of `weight` into Floats, each into the same room, as the BLAS path does with its panels.
    package func dequantizeAll(of weight: Weight) {
        let rowsPerChunk = max(1, min(64, weight.rows / max(threads, 1)))
        let chunks = (weight.rows + rowsPerChunk - 1) / rowsPerChunk
        let panels = (0..<team.size).map { _ in Buffer<Float>(count: rowsPerChunk * weight.columns) }
        let dequantize = kernels.dequantize(weight.format)
        team.run(chunks: chunks, threads: threads) { chunk, worker in
            let first = chunk * rowsPerChunk
            for row in first..<min(first + rowsPerChunk, weight.rows) {
                dequantize(weight.row(row), weight.columns, panels[worker].base + (row - first) * weight.columns)
            }
        }
    }

    /// Quantizes the first `n` rows of `input` as the projections of weights do whose activations have that `format`;
    /// nothing for Floats. Some formats' tiles take the codes in another order, which is not made here.
    package func quantizeActivations(_ input: Matrix, rows n: Int, as format: ActivationFormat) {
        let blocks: ActivationBlocks
        switch format {
        case .float: return
        case .int8x32: blocks = projections.int8x32
        case .int8x256: blocks = projections.int8x256
        }
        blocks.reserve(rows: n, columns: input.columns)
        forEach(n) { row in
            blocks.quantize(input.row(row), columns: input.columns, row: row, kernels: kernels)
        }
    }
}
