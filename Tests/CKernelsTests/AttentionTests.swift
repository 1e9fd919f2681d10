import CKernels
import TestSupport
import Testing

/// Storing and loading keys and values; attention as a whole is tested in Compute.
@Suite struct AttentionTests {
    private static let types = [CARAT_KV_F32, CARAT_KV_F16, CARAT_KV_Q8_0].map(\.rawValue)
    private static let panel = Int(CARAT_KEY_PANEL)

    private func rows(_ count: Int, _ dim: Int) -> [[Float]] {
        var random = SplitMix(3)
        return (0..<count).map { _ in (0..<dim).map { _ in random.gaussian() } }
    }

    private func load(_ isa: ISA, keys panel: [UInt8], _ type: carat_kv_type, _ dim: Int) -> [Float] {
        var out = [Float](repeating: 0, count: dim * Self.panel)
        let kernels = isa.table.pointee.attention.load_keys
        [kernels.0, kernels.1, kernels.2][Int(type.rawValue)](panel, dim, &out)
        return out
    }

    private func load(_ isa: ISA, values: [UInt8], _ type: carat_kv_type, _ dim: Int, count: Int) -> [[Float]] {
        let kernels = isa.table.pointee.attention.load_values
        var rows = [[Float]](repeating: [], count: count)
        let width = Int(CARAT_VALUE_PANEL)
        for first in stride(from: 0, to: dim, by: width) {
            var out = [Float](repeating: 0, count: count * width)
            [kernels.0, kernels.1, kernels.2][Int(type.rawValue)](values, dim, first, count, &out)
            for row in 0..<count { rows[row] += out[row * width..<(row + 1) * width] }
        }
        return rows.map { Array($0.prefix(dim)) }
    }

    @Test(arguments: types, [2, 16, 38, 96, 256])
    func allInstructionSetsStoreAndLoadTheSame(type: UInt32, dim: Int) {
        let type = carat_kv_type(rawValue: type)
        let rows = rows(Self.panel, dim)
        let tolerance: Float = type == CARAT_KV_F32 ? 0 : type == CARAT_KV_F16 ? 0.002 : 0.025
        let (panelBytes, rowBytes) = (carat_key_panel_bytes(type, dim), carat_value_row_bytes(type, dim))
        let stored = ISA.available.map { isa in
            var panel = [UInt8](repeating: 0, count: panelBytes)
            var values = [UInt8](repeating: 0, count: rowBytes * rows.count)
            for (lane, row) in rows.enumerated() {
                carat_store_key(isa.table, type, row, dim, &panel, lane)
                values.withUnsafeMutableBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    carat_store_value(isa.table, type, row, dim, base + lane * rowBytes)
                }
            }
            return (isa: isa, panel: panel, values: values)
        }
        for (isa, panel, values) in stored {
            #expect(panel == stored[0].panel && values == stored[0].values, "\(isa)")
            let keys = load(isa, keys: panel, type, dim)
            let loaded = load(isa, values: values, type, dim, count: rows.count)
            #expect(keys == load(.portable, keys: panel, type, dim))
            #expect(loaded == load(.portable, values: values, type, dim, count: rows.count))
            for (lane, row) in rows.enumerated() {
                for i in 0..<dim {
                    #expect(abs(keys[i * Self.panel + lane] - row[i]) <= tolerance)
                    // a value and a key are rounded alike
                    #expect(loaded[lane][i] == keys[i * Self.panel + lane])
                }
            }
        }
    }

    /// A decode step reads F16 itself, a prefill after a conversion: the same bits.
    @Test(arguments: [16, 38, 256], 1...6) func directAndConvertedScoresAreTheSame(dim: Int, rowCount: Int) {
        for isa in ISA.available {
            let kernels = isa.table.pointee.attention.score
            guard let plain = kernels.0, let direct = kernels.1 else { continue }
            var panel = [UInt8](repeating: 0, count: carat_key_panel_bytes(CARAT_KV_F16, dim))
            for (lane, row) in rows(Self.panel, dim).enumerated() {
                carat_store_key(isa.table, CARAT_KV_F16, row, dim, &panel, lane)
            }
            let queries = rows(rowCount, dim).flatMap { $0 }
            var results: [[Float]] = []
            queries.withUnsafeBufferPointer { queries in
                guard let base = queries.baseAddress else { return }
                let pointers = (0..<rowCount).map { base + $0 * dim }
                for (score, keys) in [(plain, load(isa, keys: panel, CARAT_KV_F16, dim)), (direct, [])] {
                    var scores = [Float](repeating: 0, count: rowCount * Int(CARAT_RUN))
                    if keys.isEmpty {
                        score(panel, dim, pointers, rowCount, &scores)
                    } else {
                        score(keys, dim, pointers, rowCount, &scores)
                    }
                    results.append(scores)
                }
            }
            #expect(results.count == 2 && results[0] == results[1])
        }
    }
}
