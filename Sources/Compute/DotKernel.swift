internal import CKernels

extension Executor {
    /// Rows of a chunk of the dot path: small enough to share out evenly and to stay in L2 while all positions pass.
    private static let dotChunkBytes = 64 << 10

    func dotKernel(_ projection: Projection, input: Matrix, rows n: Int) -> ChunkedKernel {
        let weight = projection.weight
        let output = projection.output
        let dot = kernels.dot(weight.format)
        let (activations, stride): (UnsafeRawPointer, Int) =
            switch weight.format.activation {
            case .float: (UnsafeRawPointer(input.base), input.columns * MemoryLayout<Float>.stride)
            case .int8x32: (UnsafeRawPointer(int8x32.base), int8x32.bytesPerRow)
            case .int8x256: (UnsafeRawPointer(int8x256.base), int8x256.bytesPerRow)
            }
        // a multiple of 8 rows, so that kernels that take several rows at once have no tails inside
        let chunkRows = min(64, max(8, Self.dotChunkBytes / weight.bytesPerRow / 8 * 8))
        return ChunkedKernel(chunks: (weight.rows + chunkRows - 1) / chunkRows) { chunk, _ in
            let first = chunk * chunkRows
            let count = min(chunkRows, weight.rows - first)
            for position in 0..<n {
                dot(
                    weight.row(first), weight.bytesPerRow, count, weight.columns, activations + position * stride,
                    output.row(position) + first)
            }
        }
    }
}
