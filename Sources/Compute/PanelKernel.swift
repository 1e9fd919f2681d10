internal import COpenBLAS

extension Executor {
    /// Rows of a dequantized panel: sgemm packs the whole input once per panel, so the more the better.
    package static let panelRows = 512
}

extension ProjectionWork {
    /// Columns of a dequantized panel: they bound its size, which is to stay in the last-level cache.
    static let panelColumns = 2048

    /// Dequantizes a panel of weights to Float and multiplies it by sgemm, in one-thread mode, panel by panel.
    ///
    /// A panel's extent and the order of its column blocks are fixed, so the result does not depend on the threads.
    func multiplyPanel(_ projection: Projection, chunk: Int, worker: Int) {
        let weight = projection.weight
        let output = projection.output
        let dequantize = kernels.dequantize(weight.format)
        let panel = panels[worker].base
        let panelRows = min(Executor.panelRows, weight.rows)
        let firstRow = chunk * panelRows
        let rowCount = min(panelRows, weight.rows - firstRow)
        let blockBytes = weight.bytesPerRow / (weight.columns / weight.format.blockSize)
        for firstColumn in stride(from: 0, to: weight.columns, by: Self.panelColumns) {
            let columns = min(Self.panelColumns, weight.columns - firstColumn)
            let skipped = firstColumn / weight.format.blockSize * blockBytes
            for row in 0..<rowCount {
                dequantize(weight.row(firstRow + row) + skipped, columns, panel + row * columns)
            }
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(rowCount), Int32(columns), 1,
                input.base + firstColumn, Int32(input.columns), panel, Int32(columns), firstColumn == 0 ? 0 : 1,
                output.base + firstRow, Int32(output.columns))
        }
    }
}
