/// 5 bits: 256 weights in 176 bytes; weight = d * scale * code - dmin * min.
///
/// 8 groups of 32 weights. The four low bits of a code lie as in ``Q4_K``; its high bit is bit i / 32 of byte i % 32.
///
/// | bytes | |
/// |---|---|
/// | 0..<2, 2..<4 | d, dmin, half floats |
/// | 4..<16 | scales and mins, as in ``Q4_K`` |
/// | 16..<48 | high bits of the codes |
/// | 48..<176 | low bits of the codes; a code is 0...31 |
public enum Q5_K: QuantizedBlock {
    public static let weights = 256
    public static let bytes = 176

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(0), dmin: b.half(2), groups: 8, weights: weights)
        for g in 0..<8 { (out.scales[g], out.mins[g]) = Q4_K.scaleAndMin(b, 4, group: g) }
        for i in 0..<weights {
            let (pair, odd, k) = (i / 64, i / 32 % 2, i % 32)
            let low = b[48 + 32 * pair + k] >> (4 * odd) & 15
            let high = b[16 + k] >> (i / 32) & 1
            out.codes[i] = low | high << 4
        }
        return out
    }
}
