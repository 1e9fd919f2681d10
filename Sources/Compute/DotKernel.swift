internal import CKernels

extension Executor {
    /// Positions from which unpacking weights into a panel first is cheaper than unpacking them for each position.
    public static let tilePositions = 3

    /// Bytes of a chunk of the dot path: few enough to share out evenly and to stay in L2 while all positions pass.
    private static let dotChunkBytes = 64 << 10

    /// Weight rows of a chunk: a multiple of 16, so that kernels that take several rows at once have no tails inside.
    package static func dotChunkRows(bytesPerRow: Int) -> Int {
        min(64, max(16, dotChunkBytes / bytesPerRow / 16 * 16))
    }
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
            case .int8x256: (UnsafeRawPointer(int8x256.base), int8x256.bytesPerRow)
            }
        let chunkRows = Executor.dotChunkRows(bytesPerRow: weight.bytesPerRow)
        let first = chunk * chunkRows
        let count = min(chunkRows, weight.rows - first)
        if rows >= Executor.tilePositions, let tile = kernels.tile(weight.format) {
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
