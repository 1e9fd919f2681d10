/// 8 bits: 32 weights in 34 bytes; weight = d * code.
///
/// | bytes | |
/// |---|---|
/// | 0..<2 | d, half float |
/// | 2..<34 | codes, signed |
public enum Q8_0: QuantizedBlock {
    public static let weights = 32
    public static let bytes = 34

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(0), groups: 1, weights: weights)
        for i in 0..<weights { out.codes[i] = b.signed(2 + i) }
        return out
    }
}
