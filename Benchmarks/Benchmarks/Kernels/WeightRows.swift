import CKernels
import GGUF
import Synthetic

/// A weight format by its name in files and its number in the kernels.
struct Format {
    let type: TensorType
    let code: carat_format

    var name: String { type.name }
    /// Whether its partner is int8 activations, and in blocks of how many.
    var activationBlock: Int? {
        switch type {
        case .F32, .F16, .BF16: nil
        case .Q8_0: 32
        default: 256
        }
    }

    static let all = [
        Format(type: .F32, code: CARAT_F32), Format(type: .F16, code: CARAT_F16), Format(type: .BF16, code: CARAT_BF16),
        Format(type: .Q8_0, code: CARAT_Q8_0), Format(type: .Q2_K, code: CARAT_Q2_K),
        Format(type: .Q3_K, code: CARAT_Q3_K), Format(type: .Q4_K, code: CARAT_Q4_K),
        Format(type: .Q5_K, code: CARAT_Q5_K), Format(type: .Q6_K, code: CARAT_Q6_K),
    ]
}

/// Random weight rows and one activation to multiply them with.
final class WeightRows {
    private let format: Format
    private let count: Int
    private let columns: Int
    private let bytesPerRow: Int
    private let weights: [UInt8]
    private let activation: UnsafeMutableRawPointer
    private let output: UnsafeMutablePointer<Float>

    init(_ format: Format, count: Int, columns: Int) {
        self.format = format
        self.count = count
        self.columns = columns
        bytesPerRow = columns / format.type.blockSize * format.type.bytesPerBlock
        var random = SplitMix(1)
        weights = RandomBlocks.bytes(format.type, count: count * columns, scale: 0.02, &random)
        activation = .allocate(byteCount: columns * MemoryLayout<carat_act32>.stride, alignment: 64)
        output = .allocate(capacity: count)
        let x = (0..<columns).map { _ in random.gaussian() }
        let table = carat_kernels_portable()
        switch format.activationBlock {
        case 256: table.pointee.quantize256(x, columns, activation.assumingMemoryBound(to: carat_act256.self))
        case 32: table.pointee.quantize32(x, columns, activation.assumingMemoryBound(to: carat_act32.self))
        default: activation.copyMemory(from: x, byteCount: columns * MemoryLayout<Float>.stride)
        }
    }

    deinit {
        activation.deallocate()
        output.deallocate()
    }

    func dot(_ table: UnsafePointer<carat_kernels>) {
        carat_dot(table, format.code)(weights, bytesPerRow, count, columns, activation, output)
    }
}
