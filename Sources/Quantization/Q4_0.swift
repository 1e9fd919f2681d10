/// 4 bits: 32 weights in 18 bytes; weight = d * code. For rows that are no whole number of super-blocks.
///
/// | bytes | |
/// |---|---|
/// | 0..<2 | d, half float |
/// | 2..<18 | codes -8...7, plus 8: weights 0..<16 in the low nibbles, 16..<32 in the high |
public enum Q4_0: QuantizedBlock {
    public static let weights = 32
    public static let bytes = 18

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(0), groups: 1, weights: weights)
        for i in 0..<weights { out.codes[i] = (b[2 + i % 16] >> (4 * (i / 16)) & 15) - 8 }
        return out
    }
}

extension Q4_0: EncodableBlock {
    public static func encode(row: [Float], importance: [Float]?) -> [UInt8] {
        shortBlocks(row, importance, bound: 8).flatMap { block in
            var bytes: [UInt8] = []
            bytes.append(half: half(block.d))
            return bytes + packedNibbles(block.codes)
        }
    }
}

/// Code i in the low nibble of byte i, code i + 16 in the high.
func packedNibbles(_ codes: [UInt8]) -> [UInt8] { (0..<16).map { codes[$0] & 15 | codes[$0 + 16] << 4 } }

/// Bit 4 of 32 codes, one after another.
func packedFifthBits(_ codes: [UInt8]) -> [UInt8] {
    (0..<4).map { byte in (0..<8).reduce(0) { $0 | (codes[8 * byte + $1] >> 4 & 1) << UInt8($1) } }
}

/// d and the codes, plus bound, of each block of 32 of a row: what ``Q4_0`` and ``Q5_0`` share.
func shortBlocks(_ row: [Float], _ importance: [Float]?, bound: Int) -> [(d: Float, codes: [UInt8])] {
    let mean = row.sumOfSquares / Float(row.count)
    return stride(from: 0, to: row.count, by: 32).map { start in
        let x = Array(row[start..<start + 32])
        if let importance {
            let weights = importanceWeights(importance[start..<start + 32], x, mean: mean)
            let found = ScaleSearch.scale(x, weights: weights, bound: bound)
            return (found.scale, found.codes.map { UInt8($0) })
        }
        let extreme = x.reduce(0) { $0.magnitude < $1.magnitude ? $1 : $0 }
        let d = extreme / Float(-bound)
        guard d == 0 || (1 / d).isFinite else { return (d, Array(repeating: 0, count: 32)) }  // 0 as a half float
        let inverse = d == 0 ? 0 : 1 / d
        return (d, x.map { UInt8(min(Int($0 * inverse + (Float(bound) + 0.5)), 2 * bound - 1)) })
    }
}
