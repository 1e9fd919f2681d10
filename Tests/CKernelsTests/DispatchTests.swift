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
