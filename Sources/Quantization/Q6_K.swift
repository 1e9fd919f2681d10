/// 6 bits: 256 weights in 210 bytes; weight = d * scale * code.
///
/// 16 groups of 16 weights. A half of 128 weights has 64 bytes of low bits (weights 0..<64 in the low nibbles, 64..<128
/// in the high) and 32 bytes of high bits, four planes of two bits as in ``Q2_K``.
///
/// | bytes | |
/// |---|---|
/// | 0..<128 | low bits of the codes |
/// | 128..<192 | high bits of the codes; a code is -32...31 |
/// | 192..<208 | scales, signed |
/// | 208..<210 | d, half float |
public enum Q6_K: QuantizedBlock {
    public static let weights = 256
    public static let bytes = 210

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(208), groups: 16, weights: weights)
        for g in 0..<16 { out.scales[g] = b.signed(192 + g) }
        for i in 0..<weights {
            let (half, plane, k) = (i / 128, i / 32 % 4, i % 32)
            let low = b[64 * half + 32 * (plane % 2) + k] >> (4 * (plane / 2)) & 15
            let high = b[128 + 32 * half + k] >> (2 * plane) & 3
            out.codes[i] = (low | high << 4) - 32
        }
        return out
    }
}
