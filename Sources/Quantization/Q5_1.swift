/// 5 bits: 32 weights in 24 bytes; weight = d * code + m. For rows that are no whole number of super-blocks.
///
/// | bytes | |
/// |---|---|
/// | 0..<2, 2..<4 | d, m, half floats; m is minus the min of the other formats |
/// | 4..<8, 8..<24 | bits of the codes, as in ``Q5_0``; a code is 0...31 |
public enum Q5_1: QuantizedBlock {
    public static let weights = 32
    public static let bytes = 24

    public static func codes(of block: ArraySlice<UInt8>) -> BlockCodes {
        let b = BlockBytes(block, count: bytes)
        var out = BlockCodes(d: b.half(0), dmin: -b.half(2), groups: 1, weights: weights)
        out.mins[0] = 1
        for i in 0..<weights {
            let high = b[4 + i / 8] >> (i % 8) & 1
            out.codes[i] = b[8 + i % 16] >> (4 * (i / 16)) & 15 | high << 4
        }
        return out
    }
}

extension Q5_1: EncodableBlock {
    public static func encode(row: [Float], importance: [Float]?) -> [UInt8] {
        let mean = row.sumOfSquares / Float(row.count)
        return stride(from: 0, to: row.count, by: 32).flatMap { start in
            let x = Array(row[start..<start + 32])
            let found = importance.map { importance in
                let weights = importanceWeights(importance[start..<start + 32], x, mean: mean)
                let found = ScaleSearch.scaleAndMin(x, weights: weights, top: 31, .withImportance)
                return (found.scale, -found.min, found.codes.map { UInt8($0) })
            }
            let (d, m, codes) = found ?? spread(x)
            var bytes: [UInt8] = []
            bytes.append(half: half(d))
            bytes.append(half: half(m))
            return bytes + packedFifthBits(codes) + packedNibbles(codes)
        }
    }

    /// Codes in equal steps from the least to the largest weight.
    private static func spread(_ x: [Float]) -> (d: Float, m: Float, codes: [UInt8]) {
        let least = x.reduce(x[0]) { $1 < $0 ? $1 : $0 }
        let d = (x.reduce(x[0]) { $1 > $0 ? $1 : $0 } - least) / 31
        guard d.isFinite else { return (d, least, Array(repeating: 0, count: 32)) }
        let inverse = d != 0 && (1 / d).isFinite ? 1 / d : 0
        return (d, least, x.map { UInt8(($0 - least) * inverse + 0.5) })
    }
}
