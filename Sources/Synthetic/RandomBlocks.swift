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
            let scales = blockScales(type, scale: scale)
            var result: [UInt8] = []
            for _ in 0..<count / type.blockSize {
                var block = (0..<type.bytesPerBlock).map { _ in UInt8.random(in: 0...255, using: &random) }
                for scale in scales {
                    block.replaceSubrange(scale.offset..<scale.offset + 2, with: little(scale.half))
                }
                result += block
            }
            return result
        }
    }

    /// The F16 scales of a block (d, then dmin) that give random codes values of about ± `scale`, and where they lie.
    static func blockScales(_ type: TensorType, scale: Float) -> [(offset: Int, half: UInt16)] {
        guard let layout = layouts[type.name] else { return [] }
        return layout.scaleOffsets.enumerated().map { index, offset in
            // the mins of a block get a scale that keeps its mean near 0
            let value = scale / layout.divisor * (index == 0 ? 1 : minRatio[type.name] ?? 1)
            return (offset, halfBits(value))
        }
    }

    /// Where the F16 scales of a block lie (d, then dmin), and the size of a typical scale x code.
    private static let layouts: [String: (scaleOffsets: [Int], divisor: Float)] = [
        "Q8_0": ([0], 74),
        "Q2_K": ([80, 82], 12),
        "Q3_K": ([108], 42),
        "Q4_K": ([0, 2], 200),
        "Q5_K": ([0, 2], 400),
        "Q6_K": ([208], 1400),
    ]
    /// Mean code: mean(scale) * mean(code) = mean(min) * ratio.
    private static let minRatio: [String: Float] = ["Q2_K": 1.5, "Q4_K": 7.5, "Q5_K": 15.5]

    private static func little(_ bits: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: bits.littleEndian) { Array($0) }
    }

    /// A small positive or negative number as F16, rounded towards zero.
    public static func half(_ value: Float) -> [UInt8] { little(halfBits(value)) }

    private static func halfBits(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let exponent = Int((bits >> 23) & 0xFF) - 127 + 15
        let mantissa = UInt16(truncatingIfNeeded: (bits >> 13) & 0x3FF)
        if exponent <= 0 {
            let full = UInt32(mantissa) | 0x400
            return sign | (exponent < -10 ? 0 : UInt16(full >> UInt32(1 - exponent)))
        }
        return exponent >= 31 ? sign | 0x7BFF : sign | UInt16(exponent) << 10 | mantissa
    }
}
