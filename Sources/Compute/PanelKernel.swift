internal import COpenBLAS

extension Executor {
    /// Rows and columns of a dequantized panel. Rows: sgemm packs the whole input once per panel, so the more the
    /// better. Columns: they bound the panel's size, which is to stay in the last-level cache.
    package static let panelRows = 512
    private static let panelColumns = 2048

    /// Dequantizes a panel of weights to Float and multiplies it by sgemm, in one-thread mode, panel by panel.
    ///
    /// A panel's extent and the order of its column blocks are fixed, so the result does not depend on the threads.
    func panelKernel(_ projection: Projection, input: Matrix, rows n: Int) -> ChunkedKernel {
        let weight = projection.weight
        let output = projection.output
        let dequantize = kernels.dequantize(weight.format)
        let panelRows = min(Self.panelRows, weight.rows)
        let panelColumns = min(Self.panelColumns, weight.columns)
        reserveScratch(Self.panelRows * Self.panelColumns)
        let panels = scratchPointers()
        let bytesPerWeightRow = weight.bytesPerRow

        return ChunkedKernel(chunks: (weight.rows + panelRows - 1) / panelRows) { chunk, worker in
            let firstRow = chunk * panelRows
            let rows = min(panelRows, weight.rows - firstRow)
            var firstColumn = 0
            while firstColumn < weight.columns {
                let columns = min(panelColumns, weight.columns - firstColumn)
                let panel = panels[worker]
                let blockBytes = bytesPerWeightRow / (weight.columns / weight.format.blockSize)
                let skipped = firstColumn / weight.format.blockSize * blockBytes
                for row in 0..<rows {
                    dequantize(weight.row(firstRow + row) + skipped, columns, panel + row * columns)
                }
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(n), Int32(rows), Int32(columns), 1,
                    input.base + firstColumn, Int32(input.columns), panel, Int32(columns),
                    firstColumn == 0 ? 0 : 1, output.base + firstRow, Int32(output.columns))
                firstColumn += columns
            }
        }
    }
}
