internal import CKernels

/// The input of a projection as int8 codes, quantized once for all weights that share it.
///
/// Shape: [rows, blocksPerRow] blocks of 32 or 256 activations.
final class ActivationBlocks {
    let format: ActivationFormat
    /// Whether the codes are in the order that `Kernels.pairedTile` takes.
    private(set) var isPaired = false
    private var buffer = Buffer<UInt8>(count: 0)
    private(set) var bytesPerRow = 0

    init(_ format: ActivationFormat) {
        self.format = format
    }

    var base: UnsafeMutablePointer<UInt8> { buffer.base }

    /// Room for `rows` rows of `columns` activations.
    func reserve(rows: Int, columns: Int, isPaired: Bool = false) {
        self.isPaired = isPaired
        switch format {
        case .float: preconditionFailure("floats are used as they are")
        case .int8x32: bytesPerRow = columns / 32 * MemoryLayout<carat_act32>.stride
        case .int8x256: bytesPerRow = columns / 256 * MemoryLayout<carat_act256>.stride
        }
        if buffer.count < rows * bytesPerRow { buffer = Buffer(count: rows * bytesPerRow) }
    }

    /// Quantizes one row; rows may be done in parallel.
    func quantize(_ x: UnsafePointer<Float>, columns: Int, row: Int, kernels: Kernels) {
        let target = UnsafeMutableRawPointer(buffer.base + row * bytesPerRow)
        switch format {
        case .float: break
        case .int8x32: kernels.table.pointee.quantize32(x, columns, target.assumingMemoryBound(to: carat_act32.self))
        case .int8x256:
            quantize256(x, count: columns, to: target.assumingMemoryBound(to: carat_act256.self), kernels: kernels)
        }
    }

    /// Quantizes `count` activations to these blocks' order.
    func quantize256(
        _ x: UnsafePointer<Float>, count: Int, to blocks: UnsafeMutablePointer<carat_act256>, kernels: Kernels
    ) {
        kernels.table.pointee.quantize256(x, count, blocks)
        if isPaired { kernels.table.pointee.pair256?(blocks, count / 256) }
    }
}
