/// 5 bits: 32 weights in 22 bytes; weight = d * code. For rows that are no whole number of super-blocks.
///
/// | bytes | |
/// |---|---|
/// | 0..<2 | d, half float |
/// | 2..<6 | high bits of the codes: bit i is that of weight i |
/// | 6..<22 | low bits, as in ``Q4_0``; a code is -16...15, plus 16 |
public enum Q5_0: QuantizedBlock {
    public static let weights = 32
    public static let bytes = 22

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(0), groups: 1, weights: weights)
        for i in 0..<weights {
            let high = b[2 + i / 8] >> (i % 8) & 1
            out.codes[i] = (b[6 + i % 16] >> (4 * (i / 16)) & 15 | high << 4) - 16
        }
        return out
    }
}

extension Q5_0: EncodableBlock {
    public static func encode(row: [Float], importance: [Float]?) -> [UInt8] {
        shortBlocks(row, importance, bound: 16).flatMap { block in
            var bytes: [UInt8] = []
            bytes.append(half: half(block.d))
            return bytes + packedFifthBits(block.codes) + packedNibbles(block.codes)
        }
    }
}
