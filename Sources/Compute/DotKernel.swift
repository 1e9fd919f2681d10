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

/// A projection by dot products, as its chunks need it: without references, which threads would count for each chunk
/// and wait for each other.
///
/// The weights are multiplied as they lie in the file. Many positions go through tiles, which give the same bits.
struct DotProjection {
    let weights: UnsafeRawPointer
    let bytesPerRow: Int
    let rows: Int
    let columns: Int
    /// Rows of a chunk.
    let chunkRows: Int
    let activations: UnsafeRawPointer
    /// Bytes from one position's activations to the next.
    let stride: Int
    let positions: Int
    let output: UnsafeMutablePointer<Float>
    let outputColumns: Int
    let dot: carat_dot_fn
    /// nil where dot products are the faster.
    let tile: carat_tile_fn?

    func multiply(chunk: Int) {
        let first = chunk * chunkRows
        let count = min(chunkRows, rows - first)
        let start = weights + first * bytesPerRow
        if let tile {
            let blocks = activations.assumingMemoryBound(to: carat_act256.self)
            tile(start, bytesPerRow, count, columns, blocks, positions, output + first, outputColumns)
            return
        }
        for position in 0..<positions {
            dot(
                start, bytesPerRow, count, columns, activations + position * stride,
                output + position * outputColumns + first)
        }
    }
}

extension ProjectionWork {
    /// The projection as its chunks need it; valid until the call ends.
    func dotProjection(_ projection: Projection) -> DotProjection {
        let weight = projection.weight
        let (activations, stride): (UnsafeRawPointer, Int) =
            switch weight.format.activation {
            case .float: (UnsafeRawPointer(input.base), input.columns * MemoryLayout<Float>.stride)
            case .int8x32: blocks(int8x32)
            case .int8x256: blocks(blocks256(for: weight.format))
            }
        return DotProjection(
            weights: weight.base, bytesPerRow: weight.bytesPerRow, rows: weight.rows, columns: weight.columns,
            chunkRows: chunkRows(projection), activations: activations, stride: stride, positions: rows,
            output: projection.output.base, outputColumns: projection.output.columns, dot: kernels.dot(weight.format),
            tile: kernels.tile(weight.format, positions: rows))
    }

    private func blocks(_ blocks: ActivationBlocks) -> (UnsafeRawPointer, Int) {
        (UnsafeRawPointer(blocks.base), blocks.bytesPerRow)
    }
}
