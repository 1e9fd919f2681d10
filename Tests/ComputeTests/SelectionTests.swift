import Compute
import Testing

@Suite struct SelectionTests {
    @Test func supportedSetsAreFoundByName() throws {
        #expect(Kernels.supported.first == .portable && Kernels.supported.contains(Kernels.best.instructionSet))
        for isa in Kernels.InstructionSet.allCases {
            if Kernels.supported.contains(isa) {
                #expect(try Kernels.named(isa.rawValue).instructionSet == isa)
            } else {
                #expect(throws: ComputeError.self) { try Kernels.named(isa.rawValue) }
            }
        }
    }

    @Test func otherNamesAreRefusedWithTheList() {
        #expect {
            try Kernels.named("mmx")
        } throws: {
            "\($0)".contains("there is no instruction set 'mmx'") && "\($0)".contains("Choose one of: portable")
        }
    }

    @Test func theBLASLibraryTellsItsBuild() { #expect(BLASLibrary.configuration.contains("OpenBLAS")) }
}
