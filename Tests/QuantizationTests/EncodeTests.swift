import Quantization
import TestSupport
import Testing

/// The readable encoders against llama.cpp's quantizer: hashes of what its `quantize_…` functions make of the same rows,
/// without and with importances (libggml of August 2026, built for plain x86-64).
struct EncodeTests {
    struct Golden: Sendable {
        let block: any EncodableBlock.Type
        let plain: UInt64
        let weighted: UInt64
    }

    static let goldens = [
        Golden(block: Q4_0.self, plain: 0xbb7a_e447_fabf_0932, weighted: 0x5c21_ecfd_666e_f284),
        Golden(block: Q5_0.self, plain: 0xc9d5_940d_77e3_1c21, weighted: 0xd15e_d5c9_e726_fde6),
        Golden(block: Q5_1.self, plain: 0x8c6b_5fc1_8f9b_1bce, weighted: 0xf310_4d15_3a02_aee4),
        Golden(block: Q8_0.self, plain: 0x3b88_309f_dbac_3e45, weighted: 0x3b88_309f_dbac_3e45),
        Golden(block: Q2_K.self, plain: 0x168d_86b8_7c15_185b, weighted: 0xc9ca_7604_272f_cf19),
        Golden(block: Q3_K.self, plain: 0x8eb7_0ccf_d9dd_4ad1, weighted: 0xd15f_a4e1_f0eb_f286),
        Golden(block: Q4_K.self, plain: 0xb782_311b_7a9a_0a81, weighted: 0x3763_d9bc_c69e_248e),
        Golden(block: Q5_K.self, plain: 0x0963_e357_58f4_e8b2, weighted: 0xe31b_697d_6f53_14cf),
        Golden(block: Q6_K.self, plain: 0x61c3_882f_0a7c_3f48, weighted: 0x6d0b_7f5c_674f_4ecb),
        Golden(block: F16.self, plain: 0x9924_7af6_71fc_47d5, weighted: 0x9924_7af6_71fc_47d5),
        Golden(block: BF16.self, plain: 0x2193_f645_467f_85e8, weighted: 0x2193_f645_467f_85e8),
    ]

    @Test func `the rows are those of the goldens`() {
        let rows = EncodeInput.rows(columns: 512).flatMap { F32.encode(row: $0, importance: nil) }
        #expect(EncodeInput.hash(rows) == 0x526a_9be7_f3d5_39d8)
        let importance = F32.encode(row: EncodeInput.importance(columns: 512), importance: nil)
        #expect(EncodeInput.hash(importance) == 0xef3d_6b6f_48b8_1e19)
    }

    @Test(arguments: goldens)
    func `blocks are llama.cpp's, byte for byte`(golden: Golden) {
        let rows = EncodeInput.rows(columns: 512)
        let importance = EncodeInput.importance(columns: 512)
        let plain = rows.flatMap { golden.block.encode(row: $0, importance: nil) }
        let weighted = rows.flatMap { golden.block.encode(row: $0, importance: importance) }
        #expect(EncodeInput.hash(plain) == golden.plain, "\(golden.block)")
        #expect(EncodeInput.hash(weighted) == golden.weighted, "\(golden.block) with importances")
    }

    @Test(arguments: goldens)
    func `what is encoded comes back nearly as it was`(golden: Golden) {
        let block = golden.block
        let x = EncodeInput.rows(columns: 512)[0]
        let bytes = block.encode(row: x, importance: nil)
        let back = stride(from: 0, to: bytes.count, by: block.bytes).flatMap {
            block.decode(bytes[$0..<$0 + block.bytes])
        }
        // steps of a 2-bit code over weights from -1/2 to 1/2 are the coarsest
        let largest = zip(x, back).map { ($0 - $1).magnitude }.reduce(0, max)
        #expect(largest < 0.25 && (block.bytes * 8 / block.weights < 4 || largest < 0.07), "\(block): \(largest)")
    }

    @Test(arguments: goldens)
    func `zeros and the least and largest of numbers are encoded without a trap`(golden: Golden) {
        for value in [0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, 1e-15, 1e30, -.greatestFiniteMagnitude]
            as [Float]
        {
            let row = (0..<256).map { $0 % 7 == 3 ? -value : value }
            for importance in [nil, [Float](repeating: 0, count: 256)] {
                let bytes = golden.block.encode(row: row, importance: importance)
                #expect(bytes.count == 256 / golden.block.weights * golden.block.bytes)
            }
        }
    }
}
