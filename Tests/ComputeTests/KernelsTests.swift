import Compute
import Testing

struct KernelsTests {
    typealias InstructionSet = Kernels.InstructionSet

    @Test(arguments: InstructionSet.allCases)
    func `kernels are those asked for, or none`(instructionSet: InstructionSet) {
        if let kernels = Kernels(instructionSet) { #expect(kernels.instructionSet == instructionSet) }
        #if arch(x86_64)
            if instructionSet == .neon { #expect(Kernels(instructionSet) == nil) }
        #elseif arch(arm64)
            if ![.neon, .portable].contains(instructionSet) { #expect(Kernels(instructionSet) == nil) }
        #endif
    }

    @Test func `the best are the last preferred ones that this CPU supports`() {
        let supported = InstructionSet.allCases.filter { $0.isPreferred && Kernels($0) != nil }
        #expect(supported.first == .portable)
        #expect(Kernels.best.instructionSet == supported.last)
    }
}
