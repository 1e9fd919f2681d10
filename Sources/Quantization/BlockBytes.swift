/// The bytes of one block, by offset from its start.
struct BlockBytes {
    private let bytes: ArraySlice<UInt8>

    init(_ block: ArraySlice<UInt8>, count: Int) {
        precondition(block.count == count, "a block of \(count) bytes was given \(block.count)")
        bytes = block
    }

    subscript(offset: Int) -> Int { Int(bytes[bytes.startIndex + offset]) }

    func signed(_ offset: Int) -> Int { Int(Int8(bitPattern: bytes[bytes.startIndex + offset])) }

    /// A little-endian half float, as a Float.
    func half(_ offset: Int) -> Float { float(half: UInt16(self[offset] | self[offset + 1] << 8)) }
}

/// IEEE half to single precision: sign, 5 bits of exponent (bias 15), 10 bits of mantissa. Always exact.
func float(half: UInt16) -> Float {
    let sign: Float = half & 0x8000 == 0 ? 1 : -1
    let exponent = Int(half >> 10) & 31
    let mantissa = Float(half & 0x3ff)
    switch exponent {
    case 0: return sign * mantissa * 0x1p-24
    case 31: return mantissa == 0 ? sign * .infinity : .nan
    default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + mantissa * 0x1p-10)
    }
}
