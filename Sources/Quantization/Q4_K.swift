/// 4 bits: 256 weights in 144 bytes; weight = d * scale * code - dmin * min.
///
/// 8 groups of 32 weights. Each 32 bytes hold two groups: the first in the low nibbles, the second in the high.
///
/// | bytes | |
/// |---|---|
/// | 0..<2, 2..<4 | d, dmin, half floats |
/// | 4..<16 | scales and mins, 6 bits each: see ``scaleAndMin(_:_:group:)`` |
/// | 16..<144 | codes, 0...15 |
public enum Q4_K: QuantizedBlock {
    public static let weights = 256
    public static let bytes = 144

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(0), dmin: b.half(2), groups: 8, weights: weights)
        for g in 0..<8 { (out.scales[g], out.mins[g]) = scaleAndMin(b, 4, group: g) }
        for i in 0..<weights {
            let (pair, odd, k) = (i / 64, i / 32 % 2, i % 32)
            out.codes[i] = b[16 + 32 * pair + k] >> (4 * odd) & 15
        }
        return out
    }

    /// Scale and min of one group from the 12 bytes at `start`, shared with ``Q5_K``.
    ///
    /// Groups 0..<4 have theirs whole, in the low six bits of bytes 0..<4 (scales) and 4..<8 (mins). Groups 4..<8 have
    /// the low nibbles in bytes 8..<12 (scale low, min high) and the two high bits on top of bytes 0..<4 and 4..<8.
    static func scaleAndMin(_ b: BlockBytes, _ start: Int, group: Int) -> (scale: Int, min: Int) {
        let k = group % 4
        let (scale, min, rest) = (b[start + k], b[start + 4 + k], b[start + 8 + k])
        return group < 4 ? (scale & 63, min & 63) : (rest & 15 | (scale >> 6) << 4, rest >> 4 | (min >> 6) << 4)
    }
}
