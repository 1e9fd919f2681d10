import CKernels
import Testing

struct DispatchTests {
    @Test func `the best table is one of the tables`() {
        let best = carat_kernels_best()
        #expect(best != nil)
        #expect(best == carat_kernels_avx2() || best == carat_kernels_portable())
    }

    @Test func `tables know their names and leave no format out`() {
        for isa in ISA.available {
            guard let table = isa.table else { continue }
            #expect(String(cString: table.pointee.isa) == isa.rawValue)
            for format in Format.allCases {
                #expect(carat_dot(table, format.id) != nil, "\(isa) \(format)")
                #expect(carat_dequantize(table, format.id) != nil, "\(isa) \(format)")
            }
        }
    }
}
