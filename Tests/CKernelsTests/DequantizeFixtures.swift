import Quantization
import TestSupport

/// Values of the `gguf` Python package 0.19.0, an independent reading of the formats, for blocks that `SplitMix`
/// makes: 64 blocks per format under d and dmin that run through denormals, the largest halves, both zeros and random ones.
///
/// ```python
/// import numpy as np, gguf
/// M = 2**64 - 1
/// def splitmix(state):
///     while True:
///         state = (state + 0x9E3779B97F4A7C15) & M
///         z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & M
///         z = ((z ^ z >> 27) * 0x94D049BB133111EB) & M
///         yield z ^ z >> 31
/// def fnv(data, h=0xCBF29CE484222325):
///     for byte in data: h = ((h ^ byte) * 0x100000001B3) & M
///     return h
/// extremes = [0x0001, 0x83FF, 0x7BFF, 0xFBFF, 0x8000, 0x0000]
/// def blocks(seed, size, halves):
///     out = np.zeros((64, size), np.uint8); r = splitmix(seed)
///     for i, block in enumerate(out):
///         for k in range(size):
///             byte = next(r) & 255
///             block[k] = {62: 255, 63: 0}.get(i, byte)
///         for pick, at in zip((i % 8, i // 8), halves):
///             half = extremes[pick] if pick < 6 else next(r) & 0xBFFF
///             block[at], block[at + 1] = half & 255, half >> 8
///     return out
/// for seed, (name, size, halves) in enumerate([("Q8_0", 34, [0]), ("Q2_K", 84, [80, 82]), ("Q3_K", 110, [108]),
///         ("Q4_K", 144, [0, 2]), ("Q5_K", 176, [0, 2]), ("Q6_K", 210, [208])]):
///     b = blocks(seed, size, halves)
///     x = gguf.quants.dequantize(b, gguf.GGMLQuantizationType[name]).astype(np.float32).reshape(64, -1)
///     print(name, fnv(b.tobytes()), fnv(x.tobytes()), x[7].view(np.uint32)[[0, 17, -1]])
/// ```
/// F16 and BF16: all 16-bit patterns but the NaNs, ascending.
struct DequantizeFixture: Sendable {
    let format: Format
    let blocksHash: UInt64
    let valuesHash: UInt64
    let block7: [UInt32]  // weights 0, 17 and the last of block 7, so that a failure shows more than a hash

    static let all = [
        DequantizeFixture(
            format: .q8_0, blocksHash: 0xfeec_b4ac_b761_e0e4, valuesHash: 0xacf2_aed6_36db_1f6f,
            block7: [0x3e37_7000, 0x4079_ef00, 0xc08d_0480]),
        DequantizeFixture(
            format: .q2_K, blocksHash: 0x5a7c_94a5_382b_27e0, valuesHash: 0x8bdb_211a_cacb_6bb8,
            block7: [0xc107_f001, 0xc123_2001, 0xc047_6004]),
        DequantizeFixture(
            format: .q3_K, blocksHash: 0x452b_6dd8_b493_f9aa, valuesHash: 0xf3c5_3d04_d419_901d,
            block7: [0x0000_0000, 0x421b_6a00, 0xc154_ac00]),
        DequantizeFixture(
            format: .q4_K, blocksHash: 0x0a4b_a809_d009_eceb, valuesHash: 0xd340_9e71_78c2_6f9d,
            block7: [0x3cdf_bdc0, 0x3ddf_c330, 0x3c9f_1be0]),
        DequantizeFixture(
            format: .q5_K, blocksHash: 0xeae4_2c2f_da55_d849, valuesHash: 0x889e_a750_5047_120c,
            block7: [0xc41a_6800, 0xc434_2400, 0xc459_ab80]),
        DequantizeFixture(
            format: .q6_K, blocksHash: 0x8f7b_5e56_d90d_2be1, valuesHash: 0xb87d_819e_a48a_f32c,
            block7: [0x4264_0570, 0xc1fa_d2c8, 0x40b3_cfa0]),
    ]
    static let allF16: UInt64 = 0xa7a5_75fd_4882_f925
    static let allBF16: UInt64 = 0x6d9e_679a_27bc_81f5

    static func blocks(of format: Format) -> [UInt8] {
        let extremes: [UInt16] = [0x0001, 0x83ff, 0x7bff, 0xfbff, 0x8000, 0x0000]
        guard let seed = Format.quantized.firstIndex(of: format) else { return [] }
        var random = SplitMix(UInt64(seed))
        var out: [UInt8] = []
        for i in 0..<64 {
            var block = (0..<format.block.bytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if i >= 62 { block = Array(repeating: i == 62 ? 255 : 0, count: block.count) }
            for (pick, at) in zip([i % 8, i / 8], format.halves) {
                let half = pick < 6 ? extremes[pick] : UInt16(truncatingIfNeeded: random.next()) & 0xbfff
                block[at] = UInt8(truncatingIfNeeded: half)
                block[at + 1] = UInt8(half >> 8)
            }
            out += block
        }
        return out
    }

    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 { EncodeInput.hash(bytes) }

    static func hash(_ values: [Float]) -> UInt64 {
        hash(values.flatMap { x in (0..<4).map { UInt8(truncatingIfNeeded: x.bitPattern >> (8 * UInt32($0))) } })
    }
}
