import CKernels
import TestSupport
import Testing

struct ActivationsTests {
    /// One block as plain arrays.
    struct Block: Equatable {
        var d: UInt32
        var codes: [Int8]
        var sum: Int32 = 0
        var sums: [Int16] = []
        var sums32: [Int16] = []
        var pairOffsets: [Int16] = []

        init(_ act: carat_act256) {
            d = act.d.bitPattern
            codes = withUnsafeBytes(of: act.codes) { $0.map { Int8(bitPattern: $0) } }
            sum = act.sum
            sums = withUnsafeBytes(of: act.sums) { Array($0.bindMemory(to: Int16.self)) }
            sums32 = withUnsafeBytes(of: act.sums32) { Array($0.bindMemory(to: Int16.self)) }
            pairOffsets = withUnsafeBytes(of: act.pair_offsets) { Array($0.bindMemory(to: Int16.self)) }
        }

        init(_ act: carat_act32) {
            d = act.d.bitPattern
            codes = withUnsafeBytes(of: act.codes) { $0.map { Int8(bitPattern: $0) } }
        }

        var scale: Float { Float(bitPattern: d) }
        var sumsAreRight: Bool {
            sums.enumerated().allSatisfy { g, sum in sum == codes[16 * g..<16 * g + 16].reduce(0) { $0 + Int16($1) } }
                && sums32.enumerated().allSatisfy { g, sum in sum == sums[2 * g] + sums[2 * g + 1] }
                && sum == sums.reduce(0) { $0 + Int32($1) }
                && (pairOffsets.isEmpty || pairOffsets == expectedPairOffsets)
        }

        private var expectedPairOffsets: [Int16] {
            codes.enumerated().reduce(into: Array(repeating: 0, count: 32)) { sums, code in
                sums[code.offset / 16 * 2 + code.offset / 2 % 2] -= 32 * Int16(code.element)
            }
        }
    }

    static func quantize(_ isa: ISA, _ x: [Float], _ length: Int) -> [Block] {
        length == 256 ? isa.quantize256(x).map { Block($0) } : isa.quantize32(x).map { Block($0) }
    }

    @Test(arguments: [32, 256])
    func `codes are the nearest integers`(length: Int) {
        var random = SplitMix(1)
        for exponent in stride(from: -115, through: 120, by: 5) {
            let size = Float(sign: .plus, exponent: exponent, significand: 1)
            let x = (0..<1024).map { _ in Float.random(in: -1...1, using: &random) * size }
            let reference = Self.quantize(.portable, x, length)
            for (b, block) in reference.enumerated() {
                let values = x[b * length..<(b + 1) * length]
                let largest = values.map(\.magnitude).max() ?? 0
                #expect(block.scale == largest / 127)
                #expect(block.codes.contains { $0.magnitude == 127 } && !block.codes.contains(-128))
                #expect(block.sumsAreRight)
                for (value, code) in zip(values, block.codes) {
                    #expect(abs(Double(value) - Double(block.scale) * Double(code)) <= Double(block.scale) * 0.50001)
                }
            }
            for isa in ISA.available { #expect(Self.quantize(isa, x, length) == reference, "\(isa) 2^\(exponent)") }
        }
    }

    @Test(arguments: [32, 256])
    func `ties round to even`(length: Int) {
        // The largest is 127, so d is 1 and a value is its own code.
        var x: [Float] = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, -0.0]
        x += Array(repeating: 0, count: length - x.count)
        for isa in ISA.available {
            let block = Self.quantize(isa, x, length)[0]
            #expect(block.scale == 1)
            #expect(block.codes.prefix(10) == [127, 0, 2, 2, 0, -2, -2, 126, -126, 0], "\(isa)")
        }
    }

    @Test(arguments: [32, 256])
    func `a block with NaN or infinity is NaN, and only that block`(length: Int) {
        for special: Float in [.nan, -.nan, .signalingNaN, .infinity, -.infinity] {
            for at in [length, length + 7, 2 * length - 1] {
                var x = [Float](repeating: 1, count: 3 * length)
                x[at] = special
                for isa in ISA.available {
                    let blocks = Self.quantize(isa, x, length)
                    #expect(blocks[1].scale.isNaN, "\(isa)")
                    #expect(blocks[1].codes.allSatisfy { $0 == 0 } && blocks[1].sums.allSatisfy { $0 == 0 })
                    #expect(blocks[0] == blocks[2] && blocks[0].codes.allSatisfy { $0 == 127 })
                }
            }
        }
    }

    @Test(arguments: [32, 256])
    func `zeros and magnitudes below 2^-119 count as zero`(length: Int) {
        let bound = Float(sign: .plus, exponent: -119, significand: 1)
        for value in [0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, bound.nextDown, -bound.nextDown]
            as [Float]
        {
            for isa in ISA.available {
                let block = Self.quantize(isa, Array(repeating: value, count: length), length)[0]
                #expect(
                    block.d == 0 && block.codes.allSatisfy { $0 == 0 } && block.sums.allSatisfy { $0 == 0 }, "\(isa)")
            }
        }
        for isa in ISA.available {
            let blocks = [bound, .greatestFiniteMagnitude].map {
                Self.quantize(isa, Array(repeating: $0, count: length), length)[0]
            }
            #expect(blocks.allSatisfy { $0.scale.isNormal && $0.codes.allSatisfy { $0 == 127 } }, "\(isa)")
        }
    }
}
