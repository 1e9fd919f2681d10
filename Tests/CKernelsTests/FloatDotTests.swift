import CKernels
import Quantization
import TestSupport
import Testing

/// F32, F16 and BF16 rows against Float activations.
struct FloatDotTests {
    static func rows(_ format: Format, count: Int, _ random: inout SplitMix) -> [UInt8] {
        (0..<count).flatMap { _ in
            let x = Float.random(in: -2...2, using: &random).bitPattern
            let stored: UInt32 =
                switch format {
                case .f16: UInt32(UInt16(truncatingIfNeeded: random.next()) & 0xbfff)
                case .bf16: x >> 16
                default: x
                }
            return (0..<format.block.bytes).map { UInt8(truncatingIfNeeded: stored >> (8 * UInt32($0))) }
        }
    }

    /// 32 partial sums, then the upper half folded onto the lower until one is left.
    static func reference(_ w: ArraySlice<Float>, _ x: [Float]) -> Float {
        var lanes = [Float](repeating: 0, count: 32)
        for (i, weight) in w.enumerated() { lanes[i % 32] += weight * x[i] }
        var width = 16
        while width > 0 {
            for i in 0..<width { lanes[i] += lanes[i + width] }
            width /= 2
        }
        return lanes[0]
    }

    @Test(arguments: Format.float)
    func `every kernel sums in the same order`(format: Format) {
        var random = SplitMix(11)
        for columns in [1, 7, 8, 31, 32, 33, 64, 100, 256, 2048] {
            let rows = Self.rows(format, count: 9 * columns, &random)
            let decoded = format.decode(rows)
            let x = (0..<columns).map { _ in Float.random(in: -2...2, using: &random) }
            let expected = (0..<9).map { Self.reference(decoded[$0 * columns..<($0 + 1) * columns], x) }
            for isa in ISA.available {
                for rowCount in 1...9 {
                    let y = isa.dot(format, rows, rowCount: rowCount, columns: columns, x)
                    #expect(y == Array(expected.prefix(rowCount)), "\(isa) columns \(columns) rows \(rowCount)")
                }
            }
        }
    }

    @Test(arguments: Format.float)
    func `the sum is accurate`(format: Format) {
        var random = SplitMix(12)
        let columns = 2048
        let rows = Self.rows(format, count: columns, &random)
        let decoded = format.decode(rows)
        let x = (0..<columns).map { _ in Float.random(in: -2...2, using: &random) }
        let terms = zip(decoded, x).map { Double($0) * Double($1) }
        let exact = terms.reduce(0, +)
        // A term meets one product and at most 64 + 5 sums on its way.
        let bound = 70 * 0x1p-24 * terms.reduce(0) { $0 + abs($1) }
        for isa in ISA.available {
            #expect(abs(Double(isa.dot(format, rows, rowCount: 1, columns: columns, x)[0]) - exact) <= bound, "\(isa)")
        }
    }
}
