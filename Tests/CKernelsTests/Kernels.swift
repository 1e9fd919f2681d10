import CKernels
import Quantization

/// An instruction set whose kernels can run here.
enum ISA: String, CaseIterable, Sendable {
    case portable, avx2, avxvnni, avx512vnni, neon

    static var available: [ISA] { allCases.filter { $0.tableIfAny != nil } }

    /// Nil where this CPU or build lacks the instruction set.
    var tableIfAny: UnsafePointer<carat_kernels>? {
        switch self {
        case .portable: carat_kernels_portable()
        case .avx2: carat_kernels_avx2()
        case .avxvnni: carat_kernels_avxvnni()
        case .avx512vnni: carat_kernels_avx512vnni()
        case .neon: carat_kernels_neon()
        }
    }

    /// The portable table where this CPU lacks the other; see `available`.
    var table: UnsafePointer<carat_kernels> { tableIfAny ?? carat_kernels_portable() }

    func dequantize(_ format: Format, _ bytes: [UInt8], count: Int) -> [Float] {
        var out = [Float](repeating: .signalingNaN, count: count)
        carat_dequantize(table, format.id)(bytes, count, &out)
        return out
    }

    /// y = rows . activation, with the rows moved to an address that is aligned to 2 bytes only.
    func dot<Activation>(
        _ format: Format, _ rows: [UInt8], rowCount: Int, columns: Int, _ activation: [Activation], rowBytes: Int? = nil
    ) -> [Float] {
        var y = [Float](repeating: .signalingNaN, count: rowCount)
        let rowBytes = rowBytes ?? format.rowBytes(columns)
        precondition(rows.count >= (rowCount - 1) * rowBytes + format.rowBytes(columns))
        let moved = UnsafeMutableRawBufferPointer.allocate(byteCount: rows.count + 2, alignment: 64)
        defer { moved.deallocate() }
        let start = UnsafeMutableRawBufferPointer(rebasing: moved[2...])
        start.copyBytes(from: rows)
        activation.withUnsafeBytes {
            guard let start = start.baseAddress, let activation = $0.baseAddress else { return }
            carat_dot(table, format.id)(start, rowBytes, rowCount, columns, activation, &y)
        }
        return y
    }

    /// Rows x positions by the tile kernel, `y[position][row]`; nil where the format has none.
    func tile(_ format: Format, _ rows: [UInt8], rowCount: Int, columns: Int, _ activations: [carat_act256])
        -> [[Float]]?
    {
        guard let tile = carat_tile(table, format.id) else { return nil }
        return run(tile, format, rows, rowCount: rowCount, columns: columns, activations)
    }

    private func run(
        _ tile: carat_tile_fn, _ format: Format, _ rows: [UInt8], rowCount: Int, columns: Int,
        _ activations: [carat_act256]
    ) -> [[Float]] {
        let positions = activations.count / (columns / 256)
        let stride = rowCount + 3  // what lies between two positions must stay as it is
        var y = [Float](repeating: -7, count: positions * stride)
        tile(rows, format.rowBytes(columns), rowCount, columns, activations, positions, &y, stride)
        return (0..<positions).map { position in
            let row = y[position * stride..<(position + 1) * stride]
            precondition(row.suffix(3).allSatisfy { $0 == -7 }, "the tile kernel wrote past its rows")
            return Array(row.prefix(rowCount))
        }
    }

    /// What the tile for paired activations gives for activations that are not; nil where there is none.
    func pairedTile(
        _ format: Format, _ rows: [UInt8], rowCount: Int, columns: Int, _ activations: [carat_act256]
    ) -> [[Float]]? {
        guard let tile = carat_paired_tile(table, format.id), let pair = table.pointee.pair256 else { return nil }
        var paired = activations
        pair(&paired, paired.count)
        return run(tile, format, rows, rowCount: rowCount, columns: columns, paired)
    }

    func quantize256(_ x: [Float]) -> [carat_act256] {
        var out = [carat_act256](repeating: carat_act256(), count: x.count / 256)
        table.pointee.quantize256(x, x.count, &out)
        return out
    }

    func quantize32(_ x: [Float]) -> [carat_act32] {
        var out = [carat_act32](repeating: carat_act32(), count: x.count / 32)
        table.pointee.quantize32(x, x.count, &out)
        return out
    }
}

/// A format by its C name and its Swift reference.
enum Format: String, CaseIterable, Sendable {
    case f32, f16, bf16, q8_0, q2_K, q3_K, q4_K, q5_K, q6_K

    static let quantized: [Format] = [.q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K]
    static let float: [Format] = [.f32, .f16, .bf16]

    var id: carat_format {
        switch self {
        case .f32: CARAT_F32
        case .f16: CARAT_F16
        case .bf16: CARAT_BF16
        case .q8_0: CARAT_Q8_0
        case .q2_K: CARAT_Q2_K
        case .q3_K: CARAT_Q3_K
        case .q4_K: CARAT_Q4_K
        case .q5_K: CARAT_Q5_K
        case .q6_K: CARAT_Q6_K
        }
    }

    var block: any WeightBlock.Type {
        switch self {
        case .f32: F32.self
        case .f16: F16.self
        case .bf16: BF16.self
        default: quantizedBlock
        }
    }

    var quantizedBlock: any QuantizedBlock.Type {
        switch self {
        case .q8_0: Q8_0.self
        case .q2_K: Q2_K.self
        case .q3_K: Q3_K.self
        case .q4_K: Q4_K.self
        case .q5_K: Q5_K.self
        case .q6_K: Q6_K.self
        default: preconditionFailure("\(self) is not quantized")
        }
    }

    /// Where the half floats of a block lie: d, then dmin if the format has one.
    var halves: [Int] {
        switch self {
        case .q8_0: [0]
        case .q2_K: [80, 82]
        case .q3_K: [108]
        case .q4_K, .q5_K: [0, 2]
        case .q6_K: [208]
        default: []
        }
    }

    func rowBytes(_ columns: Int) -> Int { columns / block.weights * block.bytes }

    func decode(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count, by: block.bytes).flatMap { block.decode(bytes[$0..<$0 + block.bytes]) }
    }
}

/// Bit patterns, with every NaN the same: which NaN comes out is left open.
func bits(_ x: [Float]) -> [UInt32] { x.map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern } }
