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
}
