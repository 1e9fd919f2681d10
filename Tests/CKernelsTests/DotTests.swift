import CKernels
import Quantization
import TestSupport
import Testing

/// Quantized rows against int8 activations: the integers are those of the reference, so the Floats are too.
struct DotTests {
    /// How all bits of the codes, scales and mins are set; d and dmin are chosen apart.
    enum Weights: CaseIterable {
        case random, ones, zeros, alternating, signBits

        func byte(_ i: Int, _ random: inout SplitMix) -> UInt8 {
            switch self {
            case .random: UInt8(truncatingIfNeeded: random.next())
            case .ones: 0xff
            case .zeros: 0
            case .alternating: i % 2 == 0 ? 0x55 : 0xaa
            case .signBits: 0x80
            }
        }
    }

    enum Activations: CaseIterable {
        case random, highest, lowest, alternating

        func code(_ i: Int, _ random: inout SplitMix) -> Int8 {
            switch self {
            case .random: Int8.random(in: -127...127, using: &random)
            case .highest: 127
            case .lowest: -127
            case .alternating: i % 2 == 0 ? 127 : -127
            }
        }
    }

    static let maximumRows = 9

    static func rows(
        _ format: Format, _ weights: Weights, columns: Int, d: Float?, _ random: inout SplitMix
    ) -> [UInt8] {
        var rows: [UInt8] = []
        for _ in 0..<maximumRows * columns / format.block.weights {
            var block = (0..<format.block.bytes).map { weights.byte($0, &random) }
            for at in format.halves {
                // One is 0x3c00; else any half that is finite.
                let half = d == 1 ? 0x3c00 : UInt16(truncatingIfNeeded: random.next()) & 0xbfff
                (block[at], block[at + 1]) = (UInt8(truncatingIfNeeded: half), UInt8(half >> 8))
            }
            rows += block
        }
        return rows
    }

    /// The rows' dots from exact integer sums, in the Float order that all kernels keep.
    static func reference(_ format: Format, _ rows: [UInt8], columns: Int, codes: [Int8], d: [Float]) -> [Float] {
        let block = format.quantizedBlock
        return (0..<maximumRows).map { r in
            (0..<columns / block.weights).reduce(Float(0)) { total, b in
                let start = r * format.rowBytes(columns) + b * block.bytes
                let w = block.codes(of: rows[start..<start + block.bytes])
                let sums = w.integerSums(codes[b * block.weights..<(b + 1) * block.weights])
                let x = (w.d * Float(sums.products)).addingProduct(-w.dmin, Float(sums.mins))
                return total.addingProduct(x, d[b])
            }
        }
    }

    @Test(arguments: Format.quantized, Weights.allCases)
    func `every kernel has the reference's bits`(format: Format, weights: Weights) {
        var random = SplitMix(17)
        for columns in format == .q8_0 ? [32, 96, 256, 2048] : [256, 512, 2048] {
            for activations in Activations.allCases {
                for d: Float? in [1, nil] {
                    let rows = Self.rows(format, weights, columns: columns, d: d, &random)
                    let codes = (0..<columns).map { activations.code($0, &random) }
                    let scales = (0..<columns / format.block.weights).map { _ in
                        d ?? Float.random(in: -1...1, using: &random)
                    }
                    let expected = Self.reference(format, rows, columns: columns, codes: codes, d: scales)
                    for isa in ISA.available {
                        for rowCount in 1...Self.maximumRows {
                            let y =
                                format == .q8_0
                                ? isa.dot(format, rows, rowCount: rowCount, columns: columns, act32(codes, scales))
                                : isa.dot(format, rows, rowCount: rowCount, columns: columns, act256(codes, scales))
                            #expect(
                                bits(y) == bits(Array(expected.prefix(rowCount))),
                                "\(isa) \(activations) columns \(columns) rows \(rowCount)")
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: Format.quantized)
    func `rows may lie apart, and no byte beyond them matters`(format: Format) {
        var random = SplitMix(5)
        let columns = 512
        let packed = Self.rows(format, .random, columns: columns, d: 1, &random)
        let rowBytes = format.rowBytes(columns)
        var apart: [UInt8] = []
        for r in 0..<Self.maximumRows {
            apart += packed[r * rowBytes..<(r + 1) * rowBytes] + Array(repeating: 0xff, count: 34)
        }
        let x = (0..<columns).map { _ in Float.random(in: -2...2, using: &random) }
        for isa in ISA.available {
            func y(_ rows: [UInt8], _ stride: Int) -> [Float] {
                format == .q8_0
                    ? isa.dot(format, rows, rowCount: 9, columns: columns, isa.quantize32(x), rowBytes: stride)
                    : isa.dot(format, rows, rowCount: 9, columns: columns, isa.quantize256(x), rowBytes: stride)
            }
            #expect(y(apart, rowBytes + 34) == y(packed, rowBytes), "\(isa)")
        }
    }

    @Test(arguments: Format.quantized)
    func `the dot is that of the decoded weights, to the activations' precision`(format: Format) {
        var random = SplitMix(3)
        let columns = 2048
        var rows = Self.rows(format, .random, columns: columns, d: 1, &random)
        // dmin = d / 8, so that mins do not drown the codes.
        if format.halves.count == 2 {
            for start in stride(from: 0, to: rows.count, by: format.block.bytes) {
                rows[start + format.halves[1] + 1] = 0x30
            }
        }
        let x = (0..<columns).map { _ in Float.random(in: -1...1, using: &random) }
        let decoded = format.decode(rows)
        let norm = decoded.prefix(columns).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        for isa in ISA.available {
            let y =
                format == .q8_0
                ? isa.dot(format, rows, rowCount: 9, columns: columns, isa.quantize32(x))
                : isa.dot(format, rows, rowCount: 9, columns: columns, isa.quantize256(x))
            for r in 0..<9 {
                let exact = (0..<columns).reduce(0.0) { $0 + Double(decoded[r * columns + $1]) * Double(x[$1]) }
                // Each code is off by at most 1/254; six standard deviations of their sum.
                #expect(abs(Double(y[r]) - exact) < 6 * norm / 254 / 3.0.squareRoot(), "\(isa) row \(r)")
            }
        }
    }

    @Test(arguments: Format.quantized)
    func `activations that are NaN give NaN`(format: Format) {
        var random = SplitMix(4)
        let rows = Self.rows(format, .random, columns: 512, d: 1, &random)
        var x = [Float](repeating: 1, count: 512)
        x[300] = .infinity
        for isa in ISA.available {
            let y =
                format == .q8_0
                ? isa.dot(format, rows, rowCount: 9, columns: 512, isa.quantize32(x))
                : isa.dot(format, rows, rowCount: 9, columns: 512, isa.quantize256(x))
            #expect(y.allSatisfy { $0.isNaN }, "\(isa)")
        }
    }

    func act32(_ codes: [Int8], _ d: [Float]) -> [carat_act32] {
        d.indices.map { b in
            var act = carat_act32()
            act.d = d[b]
            withUnsafeMutableBytes(of: &act.codes) { to in
                for i in 0..<32 { to[i] = UInt8(bitPattern: codes[32 * b + i]) }
            }
            return act
        }
    }

    func act256(_ codes: [Int8], _ d: [Float]) -> [carat_act256] {
        d.indices.map { b in
            var act = carat_act256()
            act.d = d[b]
            withUnsafeMutableBytes(of: &act.codes) { to in
                for i in 0..<256 { to[i] = UInt8(bitPattern: codes[256 * b + i]) }
            }
            withUnsafeMutableBytes(of: &act.sums) { to in
                let sums = to.bindMemory(to: Int16.self)
                for g in 0..<16 {
                    sums[g] = codes[256 * b + 16 * g..<256 * b + 16 * g + 16].reduce(0) { $0 + Int16($1) }
                }
            }
            withUnsafeMutableBytes(of: &act.sums32) { to in
                let sums = to.bindMemory(to: Int16.self)
                for g in 0..<8 {
                    sums[g] = codes[256 * b + 32 * g..<256 * b + 32 * g + 32].reduce(0) { $0 + Int16($1) }
                }
            }
            act.sum = codes[256 * b..<256 * b + 256].reduce(0) { $0 + Int32($1) }
            withUnsafeMutableBytes(of: &act.pair_offsets) { to in
                let offsets = to.bindMemory(to: Int16.self)
                for i in 0..<256 { offsets[i / 16 * 2 + i / 2 % 2] -= 32 * Int16(codes[256 * b + i]) }
            }
            return act
        }
    }
}
