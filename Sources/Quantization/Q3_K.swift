/// 3 bits: 256 weights in 110 bytes; weight = d * scale * code.
///
/// 16 groups of 16 weights. The two low bits of a code lie as in ``Q2_K``; its high bit is bit i / 32 of byte i % 32.
///
/// | bytes | |
/// |---|---|
/// | 0..<32 | high bits of the codes |
/// | 32..<96 | low bits of the codes; a code is -4...3 |
/// | 96..<104 | low nibbles of the scales: groups 0..<8 in the low halves of the bytes, 8..<16 in the high |
/// | 104..<108 | high two bits of the scales: byte g % 4, bits 2 * (g / 4); a scale is -32...31 |
/// | 108..<110 | d, half float |
public enum Q3_K: QuantizedBlock {
    public static let weights = 256
    public static let bytes = 110

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(108), groups: 16, weights: weights)
        for g in 0..<16 {
            let low = b[96 + g % 8] >> (4 * (g / 8)) & 15
            let high = b[104 + g % 4] >> (2 * (g / 4)) & 3
            out.scales[g] = (low | high << 4) - 32
        }
        for i in 0..<weights {
            let (half, plane, k) = (i / 128, i / 32 % 4, i % 32)
            let low = b[32 + 32 * half + k] >> (2 * plane) & 3
            let high = b[k] >> (i / 32) & 1
            out.codes[i] = (low | high << 2) - 4
        }
        return out
    }
}
