import GGUF
import Testing

@Suite struct TensorTypeTests {
    /// Id, name, elements and bytes of a block, from `gguf.GGML_QUANT_SIZES` of the Python package gguf, with two
    /// differences. Q8_1 has 40 bytes there, but the block of ggml holds two halves and 32 bytes, which are 36. Q2_0
    /// is missing there and is from ggml-common.h.
    static let table: [(UInt32, String, Int, Int)] = [
        (0, "F32", 1, 4), (1, "F16", 1, 2), (2, "Q4_0", 32, 18), (3, "Q4_1", 32, 20), (6, "Q5_0", 32, 22),
        (7, "Q5_1", 32, 24), (8, "Q8_0", 32, 34), (9, "Q8_1", 32, 36), (10, "Q2_K", 256, 84), (11, "Q3_K", 256, 110),
        (12, "Q4_K", 256, 144), (13, "Q5_K", 256, 176), (14, "Q6_K", 256, 210), (15, "Q8_K", 256, 292),
        (16, "IQ2_XXS", 256, 66), (17, "IQ2_XS", 256, 74), (18, "IQ3_XXS", 256, 98), (19, "IQ1_S", 256, 50),
        (20, "IQ4_NL", 32, 18), (21, "IQ3_S", 256, 110), (22, "IQ2_S", 256, 82), (23, "IQ4_XS", 256, 136),
        (24, "I8", 1, 1), (25, "I16", 1, 2), (26, "I32", 1, 4), (27, "I64", 1, 8), (28, "F64", 1, 8),
        (29, "IQ1_M", 256, 56), (30, "BF16", 1, 2), (34, "TQ1_0", 256, 54), (35, "TQ2_0", 256, 66),
        (39, "MXFP4", 32, 17), (40, "NVFP4", 64, 36), (41, "Q1_0", 128, 18), (42, "Q2_0", 64, 18),
    ]

    @Test func sizesAreThoseOfGGML() throws {
        for (id, name, elements, bytes) in Self.table {
            let type = try #require(TensorType(rawValue: id), "\(name)")
            #expect(type.name == name && type.blockSize == elements && type.bytesPerBlock == bytes, "\(name)")
            #expect(TensorType.named(name.lowercased()) == type)
        }
        #expect(TensorType.all.map(\.rawValue) == Self.table.map(\.0))
    }

    @Test func everyOtherIDIsRemovedOrUnknown() {
        let known = Set(Self.table.map(\.0))
        let removed: Set<UInt32> = [4, 5, 31, 32, 33, 36, 37, 38]
        for id in Array(0...300) + [UInt32(Int32.max), .max] where !known.contains(id) {
            #expect(TensorType(rawValue: id) == nil)
            #expect((TensorType.removedName(rawValue: id) != nil) == removed.contains(id))
        }
        for id in known { #expect(TensorType.removedName(rawValue: id) == nil) }
    }

    @Test func nineTypesAreComputable() {
        let names = TensorType.all.filter(\.isComputable).map(\.name)
        #expect(names == ["F32", "F16", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "BF16"])
    }
}
