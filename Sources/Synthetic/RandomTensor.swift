import GGUF

/// The random data of one matrix, a part at a time, so that a file of any size is written with little memory.
struct RandomTensor {
    private let tensor: TensorInfo
    /// The size of a typical weight.
    private let scale: Float
    private var random: SplitMix

    /// About this many bytes are made at once.
    private static let chunkBytes = 1 << 20

    init(_ tensor: TensorInfo, scale: Float, seed: UInt64) {
        self.tensor = tensor
        self.scale = scale
        random = SplitMix(seed)
    }

    /// Hands all bytes to `append`, whole blocks each time.
    mutating func stream(_ append: (ArraySlice<UInt8>) throws -> Void) throws {
        let type = tensor.type
        let blocks = Self.chunkBytes / type.bytesPerBlock
        // a whole number of 8-byte words, though the last block may be cut
        var buffer = [UInt8](repeating: 0, count: (blocks * type.bytesPerBlock + 7) / 8 * 8)
        var rest = tensor.byteCount
        while rest > 0 {
            let count = min(rest, blocks * type.bytesPerBlock)
            fill(&buffer, blocks: (count + type.bytesPerBlock - 1) / type.bytesPerBlock)
            try append(buffer[..<count])
            rest -= count
        }
    }

    private mutating func fill(_ buffer: inout [UInt8], blocks: Int) {
        let (kept, set) = word
        let scales = RandomBlocks.blockScales(tensor.type, scale: scale)
        let blockBytes = tensor.type.bytesPerBlock
        let words = (blocks * blockBytes + 7) / 8
        var random = random
        var span = buffer.mutableSpan
        var bytes = span.mutableBytes
        for index in 0..<words {
            let bits = random.next() & kept | set
            bytes.storeBytes(of: bits.littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
        for scale in scales {
            for block in 0..<blocks {
                bytes.storeBytes(
                    of: scale.half.littleEndian, toByteOffset: block * blockBytes + scale.offset, as: UInt16.self)
            }
        }
        self.random = random
    }

    /// Which bits of 8 bytes are random, and which are set besides. In a number, sign and mantissa are random and the
    /// exponent is fixed: sizes are uniform from 2^e to 2^(e + 1), whose root mean square is 1.53 * 2^e.
    private var word: (kept: UInt64, set: UInt64) {
        let e = Int((scale / 1.53 * Float(2).squareRoot()).exponent)
        switch tensor.type {
        case .F32: return (0x807F_FFFF_807F_FFFF, UInt64(e + 127) << 23 &* 0x1_0000_0001)
        case .BF16: return (0x807F_807F_807F_807F, UInt64(e + 127) << 7 &* 0x0001_0001_0001_0001)
        case .F16: return (0x83FF_83FF_83FF_83FF, UInt64(e + 15) << 10 &* 0x0001_0001_0001_0001)
        default: return (.max, 0)
        }
    }
}
