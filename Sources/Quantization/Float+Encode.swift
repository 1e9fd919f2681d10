extension F32: IndependentBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        block.flatMap { x in (0..<4).map { UInt8(truncatingIfNeeded: x.bitPattern >> (8 * UInt32($0))) } }
    }
}

extension F16: IndependentBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        var bytes: [UInt8] = []
        for x in block { bytes.append(half: half(x)) }
        return bytes
    }
}

extension BF16: IndependentBlock {
    /// Halves to even.
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        var bytes: [UInt8] = []
        for x in block {
            let bits = x.bitPattern
            bytes.append(half: UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16))
        }
        return bytes
    }
}
