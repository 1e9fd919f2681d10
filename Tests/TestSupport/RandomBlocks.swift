public import GGUF

/// Random weights in any format that Carat computes with.
public enum RandomBlocks {
    /// Values of about `mean` ± `scale`. Quantized blocks get random codes and scales under a fitting block scale, as no
    /// encoder is needed for that.
    public static func bytes(
        _ type: TensorType, count: Int, mean: Float = 0, scale: Float, _ random: inout SplitMix
    ) -> [UInt8] {
        switch type {
        case .F32: return (0..<count).flatMap { _ in little((mean + scale * random.gaussian()).bitPattern) }
        case .F16: return (0..<count).flatMap { _ in half(mean + scale * random.gaussian()) }
        case .BF16:
            return (0..<count).flatMap { _ in
                little(UInt16(truncatingIfNeeded: (mean + scale * random.gaussian()).bitPattern >> 16))
            }
        default:
            let layout = layouts[type.name] ?? (bytes: 0, weights: 1, scaleOffsets: [], divisor: 1)
            var result: [UInt8] = []
            for _ in 0..<count / layout.weights {
                var block = (0..<layout.bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
                for (index, offset) in layout.scaleOffsets.enumerated() {
                    // the mins of a block get a scale that keeps its mean near 0
                    let value = scale / layout.divisor * (index == 0 ? 1 : minRatio[type.name] ?? 1)
                    block.replaceSubrange(offset..<offset + 2, with: half(value))
                }
                result += block
            }
            return result
        }
    }

    /// Bytes and weights of a block, where its F16 scales lie (d, then dmin), and the size of a typical scale x code.
    private static let layouts: [String: (bytes: Int, weights: Int, scaleOffsets: [Int], divisor: Float)] = [
        "Q8_0": (34, 32, [0], 74),
        "Q2_K": (84, 256, [80, 82], 12),
        "Q3_K": (110, 256, [108], 42),
        "Q4_K": (144, 256, [0, 2], 200),
        "Q5_K": (176, 256, [0, 2], 400),
        "Q6_K": (210, 256, [208], 1400),
    ]
    /// Mean code: mean(scale) * mean(code) = mean(min) * ratio.
    private static let minRatio: [String: Float] = ["Q2_K": 1.5, "Q4_K": 7.5, "Q5_K": 15.5]

    private static func little(_ bits: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: bits.littleEndian) { Array($0) }
    }

    /// F16 bits of a small positive or negative number, rounded towards zero.
    public static func half(_ value: Float) -> [UInt8] {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let exponent = Int((bits >> 23) & 0xFF) - 127 + 15
        let mantissa = UInt16(truncatingIfNeeded: (bits >> 13) & 0x3FF)
        if exponent <= 0 {
            let full = UInt32(mantissa) | 0x400
            return little(sign | (exponent < -10 ? 0 : UInt16(full >> UInt32(1 - exponent))))
        }
        return little(exponent >= 31 ? sign | 0x7BFF : sign | UInt16(exponent) << 10 | mantissa)
    }
}
