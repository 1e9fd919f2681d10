import CKernels
import Quantization
import TestSupport
import Testing

/// The fast encoders against the readable ones.
@Suite struct EncodeTests {
    struct Encoding: Sendable {
        let id: carat_encoding
        let block: any EncodableBlock.Type
    }

    static let encodings = [
        Encoding(id: CARAT_ENCODE_F16, block: F16.self), Encoding(id: CARAT_ENCODE_BF16, block: BF16.self),
        Encoding(id: CARAT_ENCODE_Q4_0, block: Q4_0.self), Encoding(id: CARAT_ENCODE_Q5_0, block: Q5_0.self),
        Encoding(id: CARAT_ENCODE_Q5_1, block: Q5_1.self), Encoding(id: CARAT_ENCODE_Q8_0, block: Q8_0.self),
        Encoding(id: CARAT_ENCODE_Q2_K, block: Q2_K.self), Encoding(id: CARAT_ENCODE_Q3_K, block: Q3_K.self),
        Encoding(id: CARAT_ENCODE_Q4_K, block: Q4_K.self), Encoding(id: CARAT_ENCODE_Q5_K, block: Q5_K.self),
        Encoding(id: CARAT_ENCODE_Q6_K, block: Q6_K.self),
    ]

    static var tables: [UnsafePointer<carat_encoders>] {
        [carat_encoders_portable(), carat_encoders_avx2()].compactMap { $0 }
    }

    /// Bytes, and whether all scales are finite.
    func encode(
        _ table: UnsafePointer<carat_encoders>, _ encoding: Encoding, _ rows: [[Float]], _ importance: [Float]?,
        high: Bool = false
    ) -> (bytes: [UInt8], fits: Bool) {
        let columns = rows[0].count
        var out = [UInt8](
            repeating: 0xa5, count: rows.count * columns / encoding.block.weights * encoding.block.bytes + 8)
        var fits = false
        if let encode = carat_encode(table, encoding.id, high) {
            fits = encode(rows.flatMap { $0 }, rows.count, columns, importance, &out)
        }
        #expect(out.suffix(8) == [UInt8](repeating: 0xa5, count: 8)[...], "written past the end")
        return (out.dropLast(8), fits)
    }

    /// Rows of many kinds and sizes, with ties, plateaus, and what halves do not hold.
    static func hardRows() -> [[Float]] {
        var random = SplitMix(5)
        var rows = EncodeInput.rows(columns: 768)
        rows += (0..<8).map { kind in
            (0..<768).map { i in
                let x = random.gaussian()
                switch kind {
                case 0: return (x * 2).rounded()
                case 1: return i % 256 < 32 ? 0 : x * 1e-7
                case 2: return x * 1e-20
                case 3: return x * 1e-20 * 1e-20
                case 4: return Float(i / 16 % 5) * 0.25
                case 5: return i % 256 == 77 ? 1000 : x * 1e-3
                case 6: return 5 + x * 1e-5
                default: return x * 3000
                }
            }
        }
        return rows
    }

    @Test(arguments: encodings)
    func `fast encoders give the readable ones' bytes`(encoding: Encoding) {
        let rows = Self.hardRows()
        let importance = EncodeInput.importance(columns: 768)
        let none = [Float](repeating: 0, count: 768)
        for weights in [nil, importance, none] {
            let expected = rows.flatMap { encoding.block.encode(row: $0, importance: weights) }
            for table in Self.tables {
                let (bytes, fits) = encode(table, encoding, rows, weights)
                #expect(fits)
                #expect(bytes == expected, "\(encoding.block) \(String(cString: table.pointee.isa))")
            }
        }
    }

    @Test(arguments: encodings.filter { $0.block.weights == 256 })
    func `the high effort errs less, in every block, on every instruction set alike`(encoding: Encoding) throws {
        let block = encoding.block
        let rows = Self.hardRows()
        for importance in [nil, EncodeInput.importance(columns: 768)] {
            let normal = encode(carat_encoders_portable(), encoding, rows, importance).bytes
            let high = encode(carat_encoders_portable(), encoding, rows, importance, high: true).bytes
            for table in Self.tables {
                #expect(encode(table, encoding, rows, importance, high: true).bytes == high)
            }
            var (sumNormal, sumHigh) = (0.0, 0.0)
            for index in 0..<rows.count * 3 {
                let range = index * block.bytes..<(index + 1) * block.bytes
                func error(_ bytes: [UInt8]) -> Double {
                    let back = block.decode(bytes[range])
                    return (0..<256).reduce(0) { sum, i in
                        let column = index % 3 * 256 + i
                        let difference = Double(rows[index / 3][column]) - Double(back[i])
                        return sum + Double(importance?[column] ?? 1) * difference * difference
                    }
                }
                let (before, after) = (error(normal), error(high))
                #expect(after <= before * 1.001, "block \(index)")
                if index < 6 { (sumNormal, sumHigh) = (sumNormal + before, sumHigh + after) }
            }
            #expect(sumHigh < (importance == nil ? 0.97 : 1) * sumNormal, "\(block): \(sumHigh / sumNormal)")
        }
    }

    @Test(arguments: encodings.filter { $0.id != CARAT_ENCODE_BF16 })
    func `weights too large for half floats are told`(encoding: Encoding) {
        let many = (0..<768).map { Float($0 % 13) * 1e9 }
        let one = (0..<768).map { $0 == 300 ? 3e38 : Float(1) }  // its square has no Float
        for row in [many, one] {
            for importance in [nil, [Float](repeating: 1, count: 768)] {
                for table in Self.tables {
                    for high in [false, true] {
                        #expect(!encode(table, encoding, [row], importance, high: high).fits)
                    }
                }
            }
        }
    }

    @Test func `what is not finite is found`() {
        for count in [0, 1, 255, 256, 257, 1000] {
            var x = [Float](repeating: 1, count: count)
            #expect(carat_find_not_finite(x, count) == count)
            for value in [Float.nan, .infinity, -.infinity] where count > 0 {
                for at in [0, count / 2, count - 1] {
                    x[at] = value
                    #expect(carat_find_not_finite(x, count) == at)
                    x[at] = -.greatestFiniteMagnitude
                }
            }
        }
    }
}
