import CKernels
import Quantization
import Testing

struct DequantizeTests {
    @Test(arguments: DequantizeFixture.all)
    func `equals the gguf package bit for bit`(fixture: DequantizeFixture) {
        let format = fixture.format
        let blocks = DequantizeFixture.blocks(of: format)
        #expect(DequantizeFixture.hash(blocks) == fixture.blocksHash, "the blocks differ: nothing below can agree")

        let reference = format.decode(blocks)
        #expect(DequantizeFixture.hash(reference) == fixture.valuesHash)
        let weights = format.block.weights
        #expect([0, 17, weights - 1].map { reference[7 * weights + $0].bitPattern } == fixture.block7)
        for isa in ISA.available {
            let values = isa.dequantize(format, blocks, count: reference.count)
            #expect(DequantizeFixture.hash(values) == fixture.valuesHash, "\(isa)")
        }
    }

    @Test(arguments: [
        (Format.f16, UInt16(0x7c00), DequantizeFixture.allF16), (.bf16, 0x7f80, DequantizeFixture.allBF16),
    ])
    func `every 16-bit float widens exactly`(format: Format, infinity: UInt16, hash: UInt64) {
        let numbers = (UInt16.min...UInt16.max).filter { $0 & 0x7fff <= infinity }
        let bytes = numbers.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        #expect(DequantizeFixture.hash(format.decode(bytes)) == hash)
        for isa in ISA.available {
            let values = isa.dequantize(format, bytes, count: numbers.count)
            #expect(DequantizeFixture.hash(values) == hash, "\(isa)")
        }
    }

    @Test(arguments: Format.allCases)
    func `infinite and NaN scales go through`(format: Format) {
        for special: [UInt8] in [[0x00, 0x7c], [0x00, 0xfc], [0x01, 0x7c], [0xff, 0xff]] {
            var blocks = DequantizeFixture.blocks(of: format)
            if format.halves.isEmpty {
                blocks = Array(repeating: special, count: 64).flatMap { $0 }
            } else {
                for start in stride(from: 0, to: blocks.count, by: format.block.bytes) {
                    for at in format.halves { blocks.replaceSubrange(start + at..<start + at + 2, with: special) }
                }
            }
            let reference = format.decode(blocks)
            for isa in ISA.available {
                #expect(bits(isa.dequantize(format, blocks, count: reference.count)) == bits(reference), "\(isa)")
            }
        }
    }

    @Test func `float formats take any count`() {
        let bytes = (0..<400).map { UInt8($0 % 120) }
        for format in Format.float {
            for count in 0...70 {
                let reference = format.decode(Array(bytes.prefix(count * format.block.bytes)))
                for isa in ISA.available {
                    #expect(isa.dequantize(format, bytes, count: count) == reference, "\(format) \(isa) \(count)")
                }
            }
        }
    }
}
