import Quantization
import Testing

/// Where the bits of a block go. Values are proven elsewhere, against another implementation.
struct BlockLayoutTests {
    struct Layout: Sendable {
        let block: any QuantizedBlock.Type
        let groups: Int
        let codeBits: Int
        let scaleBits: Int
        let minBits: Int
        let halves: Int
    }

    static let layouts = [
        Layout(block: Q8_0.self, groups: 1, codeBits: 8, scaleBits: 0, minBits: 0, halves: 1),
        Layout(block: Q2_K.self, groups: 16, codeBits: 2, scaleBits: 4, minBits: 4, halves: 2),
        Layout(block: Q3_K.self, groups: 16, codeBits: 3, scaleBits: 6, minBits: 0, halves: 1),
        Layout(block: Q4_K.self, groups: 8, codeBits: 4, scaleBits: 6, minBits: 6, halves: 2),
        Layout(block: Q5_K.self, groups: 8, codeBits: 5, scaleBits: 6, minBits: 6, halves: 2),
        Layout(block: Q6_K.self, groups: 16, codeBits: 6, scaleBits: 8, minBits: 0, halves: 1),
    ]

    @Test(arguments: layouts)
    func `every bit of a block belongs to one number`(layout: Layout) {
        let block = layout.block
        let zero = [UInt8](repeating: 0, count: block.bytes)
        let before = block.codes(of: zero[...])
        var codeBits = [Int](repeating: 0, count: block.weights)
        var scaleBits = [Int](repeating: 0, count: layout.groups)
        var minBits = scaleBits
        var halfBits = 0

        for bit in 0..<block.bytes * 8 {
            var bytes = zero
            bytes[bit / 8] = 1 << UInt8(bit % 8)
            let after = block.codes(of: bytes[...])
            let codes = changes(before.codes, after.codes)
            let scales = changes(before.scales, after.scales)
            let mins = changes(before.mins, after.mins)
            // The sign bit of a half turns 0 into -0, which is equal: compare patterns.
            let half = (before.d.bitPattern, before.dmin.bitPattern) != (after.d.bitPattern, after.dmin.bitPattern)
            #expect(codes.count + scales.count + mins.count + (half ? 1 : 0) == 1, "bit \(bit)")
            for i in codes { codeBits[i] |= abs(after.codes[i] - before.codes[i]) }
            for i in scales { scaleBits[i] |= abs(after.scales[i] - before.scales[i]) }
            for i in mins { minBits[i] |= abs(after.mins[i] - before.mins[i]) }
            halfBits += half ? 1 : 0
        }
        // Each number has all its bits: their changes are 1, 2, 4, …
        #expect(codeBits.allSatisfy { $0 == 1 << layout.codeBits - 1 })
        #expect(scaleBits.allSatisfy { $0 == 1 << layout.scaleBits - 1 })
        #expect(minBits.allSatisfy { $0 == 1 << layout.minBits - 1 })
        #expect(halfBits == 16 * layout.halves)
    }

    func changes(_ a: [Int], _ b: [Int]) -> [Int] { a.indices.filter { a[$0] != b[$0] } }

    @Test(arguments: layouts)
    func `integer sums are the weights' dot when all scales are one`(layout: Layout) {
        let block = layout.block
        // 0x3c is the upper byte of 1.0, and a small code wherever else it stands.
        let bytes = (0..<block.bytes).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 7) }
        var codes = block.codes(of: bytes[...])
        (codes.d, codes.dmin) = (1, 1)
        let activations = (0..<block.weights).map { Int8($0 * 91 % 255 - 127) }
        let sums = codes.integerSums(activations[...])
        let dot = zip(codes.weights, activations).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(Double(sums.products) - Double(sums.mins) == dot)
        #expect(block.integerSums(bytes[...], activations: activations[...]) == sums)
    }

    @Test func `a block may lie anywhere in an array`() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 29) }
        let inside = Q4_K.codes(of: bytes[101..<245])
        #expect(inside == Q4_K.codes(of: Array(bytes[101..<245])[...]))
    }

    @Test(arguments: [
        (0x0000 as UInt16, 0 as Float), (0x0001, 0x1p-24), (0x03ff, 0x1.ff8p-15), (0x0400, 0x1p-14), (0x3c00, 1),
        (0xc500, -5), (0x7bff, 65504), (0x7c00, .infinity), (0xfc00, -.infinity),
    ])
    func `half floats`(half: UInt16, value: Float) {
        let bytes = [UInt8(truncatingIfNeeded: half), UInt8(half >> 8)]
        #expect(F16.decode(bytes[...]) == [value])
    }

    @Test func `other floats`() {
        #expect(F16.decode([0x01, 0x7e])[0].isNaN)
        #expect(F16.decode([0x00, 0x80])[0].sign == .minus)
        #expect(BF16.decode([0x20, 0xc0]) == [-2.5])
        #expect(F32.decode([0x00, 0x00, 0x20, 0xc0]) == [-2.5])
    }
}
