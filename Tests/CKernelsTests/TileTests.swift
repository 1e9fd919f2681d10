import CKernels
import TestSupport
import Testing

/// Many positions at a time give the bits of one at a time, whose integers are those of the reference (`DotTests`).
struct TileTests {
    static let formats: [Format] = [.q2_K, .q3_K, .q4_K, .q5_K, .q6_K]

    private func agree(
        _ isa: ISA, _ format: Format, _ rows: [UInt8], rowCount: Int, columns: Int, _ activations: [carat_act256]
    ) -> Bool {
        let tiles = [isa.tile, isa.pairedTile].compactMap { $0(format, rows, rowCount, columns, activations) }
        let blocks = columns / 256
        return tiles.allSatisfy { tile in
            tile.indices.allSatisfy { position in
                let one = Array(activations[position * blocks..<(position + 1) * blocks])
                let dots = isa.dot(format, rows, rowCount: rowCount, columns: columns, one)
                return zip(tile[position], dots).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
            }
        }
    }

    private func rows(_ format: Format, _ weights: DotTests.Weights, count: Int, columns: Int, d: Float?) -> [UInt8] {
        var random = SplitMix(41)
        var rows: [UInt8] = []
        while rows.count < count * format.rowBytes(columns) {
            rows += DotTests.rows(format, weights, columns: columns, d: d, &random)
        }
        return rows
    }

    @Test(arguments: formats, DotTests.Weights.allCases)
    func `worst-case codes and activations`(format: Format, weights: DotTests.Weights) {
        var random = SplitMix(23)
        for activations in DotTests.Activations.allCases {
            // so many positions that no kernel takes them for few
            let codes = (0..<21 * 512).map { activations.code($0, &random) }
            let scales = (0..<42).map { _ in Float.random(in: -1...1, using: &random) }
            let rows = rows(format, weights, count: 18, columns: 512, d: activations == .random ? nil : 1)
            for isa in ISA.available {
                let blocks = DotTests().act256(codes, scales)
                #expect(agree(isa, format, rows, rowCount: 18, columns: 512, blocks), "\(isa) \(activations)")
            }
        }
    }

    @Test(arguments: formats)
    func `every tail of rows, positions and super-blocks`(format: Format) {
        var random = SplitMix(29)
        for columns in [256, 1024, 1280, 2304] {
            let rows = rows(format, .random, count: 40, columns: columns, d: 1)
            let x = (0..<18 * columns).map { _ in Float.random(in: -3...3, using: &random) }
            for isa in ISA.available {
                let activations = isa.quantize256(x)
                for positions in Array(1...9) + Array(13...18) {
                    for rowCount in [1, 15, 16, 17, 33] {
                        let part = Array(activations.prefix(positions * columns / 256))
                        #expect(
                            agree(isa, format, rows, rowCount: rowCount, columns: columns, part),
                            "\(isa) \(columns) columns, \(positions) positions, \(rowCount) rows")
                    }
                }
            }
        }
    }

    @Test(arguments: formats, [(64, 48), (65, 80), (135, 65), (513, 33)])
    func `several sweeps of rows and positions`(format: Format, shape: (positions: Int, rows: Int)) {
        var random = SplitMix(31)
        let columns = 768
        let rows = rows(format, .random, count: shape.rows, columns: columns, d: 1)
        let x = (0..<shape.positions * columns).map { _ in Float.random(in: -3...3, using: &random) }
        for isa in ISA.available {
            #expect(
                agree(isa, format, rows, rowCount: shape.rows, columns: columns, isa.quantize256(x)), "\(isa)")
        }
    }

    @Test func `paired activations keep their codes`() {
        var random = SplitMix(37)
        let x = (0..<512).map { _ in Float.random(in: -3...3, using: &random) }
        for isa in ISA.available {
            guard let pair = isa.table.pointee.pair256 else { continue }
            let natural = isa.quantize256(x)
            var paired = natural
            pair(&paired, paired.count)
            for (before, after) in zip(natural, paired) {
                let before = ActivationsTests.Block(before), after = ActivationsTests.Block(after)
                let order = (0..<256).map { $0 / 32 * 32 + $0 % 32 / 4 * 2 + $0 % 4 / 2 * 16 + $0 % 2 }
                #expect(after.codes == order.map { before.codes[$0] })
                #expect(Array(after.pairOffsets.prefix(16)) == before.sums.map { -4 * $0 })
                #expect(after.d == before.d && after.sums == before.sums)
            }
        }
    }

    @Test func `every instruction set has tiles for every K format`() {
        for isa in ISA.available where isa != .portable {
            #expect(Self.formats.allSatisfy { carat_tile(isa.table, $0.id) != nil })
        }
    }
}
