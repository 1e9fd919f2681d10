/// 2 bits: 256 weights in 84 bytes; weight = d * scale * code - dmin * min.
///
/// 16 groups of 16 weights. A half of 128 weights lies in 32 bytes as four planes of two bits: bits 0-1 are its weights
/// 0..<32, bits 2-3 weights 32..<64, and so on.
///
/// | bytes | |
/// |---|---|
/// | 0..<16 | a group each: scale in the low nibble, min in the high |
/// | 16..<80 | codes, 0...3 |
/// | 80..<82, 82..<84 | d, dmin, half floats |
public enum Q2_K: QuantizedBlock {
    public static let weights = 256
    public static let bytes = 84

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(80), dmin: b.half(82), groups: 16, weights: weights)
        for g in 0..<16 {
            out.scales[g] = b[g] & 15
            out.mins[g] = b[g] >> 4
        }
        for i in 0..<weights {
            let (half, plane, k) = (i / 128, i / 32 % 4, i % 32)
            out.codes[i] = b[16 + 32 * half + k] >> (2 * plane) & 3
        }
        return out
    }
}
