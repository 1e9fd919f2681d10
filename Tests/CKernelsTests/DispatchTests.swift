import CKernels
import Testing

struct DispatchTests {
    @Test func `tables know their names and leave no format out`() {
        for isa in ISA.available {
            #expect(String(cString: isa.table.pointee.isa) == isa.rawValue)
            for format in Format.allCases {
                let dot = unsafeBitCast(carat_dot(isa.table, format.id), to: Int.self)
                let dequantize = unsafeBitCast(carat_dequantize(isa.table, format.id), to: Int.self)
                #expect(dot != 0 && dequantize != 0, "\(isa) \(format)")
            }
        }
    }

    @Test func `paired tiles stand beside others, and their activations can be paired`() {
        for isa in ISA.available {
            let table = isa.table.pointee
            let paired = Format.allCases.filter { carat_paired_tile(isa.table, $0.id) != nil }
            #expect(isa == .avx2 ? paired == [.q2_K, .q3_K] : paired.isEmpty)
            guard !paired.isEmpty else { continue }
            #expect(table.pair256 != nil && table.paired_positions >= table.tile_positions)
            #expect(paired.allSatisfy { carat_tile(isa.table, $0.id) != nil })
        }
    }

    @Test func `an instruction set of another processor family is missing`() {
        #if arch(x86_64)
            #expect(!ISA.available.contains(.neon))
        #else
            #expect(!ISA.available.contains { [.avx2, .avxvnni, .avx512vnni].contains($0) })
        #endif
        #expect(ISA.available.contains(.portable))
    }

    @Test func `kernels with VNNI take the dots of Floats from AVX2`() {
        for isa in ISA.available where isa == .avxvnni || isa == .avx512vnni {
            #expect(ISA.available.contains(.avx2))
            for format in Format.float {
                let own = unsafeBitCast(carat_dot(isa.table, format.id), to: Int.self)
                #expect(own == unsafeBitCast(carat_dot(ISA.avx2.table, format.id), to: Int.self))
            }
        }
    }
}
