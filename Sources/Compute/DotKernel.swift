internal import CKernels

extension Executor {
    /// Positions up to which memory sets the pace.
    private static let streamingPositions = 16

    /// Weight rows of a chunk: a multiple of 16, so that kernels that take several rows at once have no tails inside.
    ///
    /// With many positions, as many as a tile kernel sweeps together, as long as each worker has some chunks; without
    /// such a kernel few bytes, which stay in L2 while all positions pass. With few positions, more bytes: a thread
    /// then reads longer streams, which the hardware's prefetcher can follow; but still several chunks per worker.
    package static func dotChunkRows(
        _ format: WeightFormat, columns: Int, rows: Int, positions: Int, workers: Int, isTiled: Bool
    ) -> Int {
        let isStreaming = positions <= streamingPositions
        guard isStreaming || !isTiled else { return inTiles(min(64, rows / (4 * workers))) }
        let least = isStreaming ? 128 << 10 : 64 << 10, most = 512 << 10
        let bytesPerRow = format.bytesPerRow(columns: columns)
        let bytes = isStreaming ? min(most, max(least, rows * bytesPerRow / (4 * workers))) : least
        return min(isStreaming ? .max : 64, inTiles(bytes / bytesPerRow))
    }

    private static func inTiles(_ rows: Int) -> Int { max(16, rows / 16 * 16) }
}

extension ProjectionWork {
    /// Dot products on the weights as they lie in the file. Many positions go through tiles, which give the same bits.
    func multiplyDots(_ projection: Projection, chunk: Int) {
        let weight = projection.weight
        let output = projection.output
        let (activations, stride): (UnsafeRawPointer, Int) =
            switch weight.format.activation {
            case .float: (UnsafeRawPointer(input.base), input.columns * MemoryLayout<Float>.stride)
            case .int8x32: (UnsafeRawPointer(int8x32.base), int8x32.bytesPerRow)
            case .int8x256: (UnsafeRawPointer(blocks256.base), blocks256.bytesPerRow)
            }
        let chunkRows = chunkRows(projection)
        let first = chunk * chunkRows
        let count = min(chunkRows, weight.rows - first)
        if rows >= kernels.tilePositions, let tile = kernels.tile(weight.format) {
            let blocks = activations.assumingMemoryBound(to: carat_act256.self)
            tile(
                weight.row(first), weight.bytesPerRow, count, weight.columns, blocks, rows, output.base + first,
                output.columns)
            return
        }
        let dot = kernels.dot(weight.format)
        for position in 0..<rows {
            dot(
                weight.row(first), weight.bytesPerRow, count, weight.columns, activations + position * stride,
                output.row(position) + first)
        }
    }
}
