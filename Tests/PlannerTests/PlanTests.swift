import Compute
import Planner
import Testing

@Suite struct PlanTests {
    /// Formats with tile kernels stay on their integers; sgemm takes over where there are none.
    @Test(arguments: WeightFormat.allCases, Kernels.InstructionSet.allCases)
    func autoDecodesByDotProductsAndPrefillsByTheFasterPath(format: WeightFormat, isa: Kernels.InstructionSet) {
        let plan = Plan(policy: .auto, formats: [format], instructionSet: isa)
        #expect(plan.path(for: format, positions: 1) == .quant)
        let hasTiles = isa != .portable && format.activation == .int8x256
        #expect(plan.path(for: format, positions: 512) == (hasTiles ? .quant : .blas))
    }

    @Test(arguments: WeightFormat.allCases, Kernels.InstructionSet.allCases)
    func theCrossoverIsWhereTheCostsMeet(format: WeightFormat, isa: Kernels.InstructionSet) {
        let cost = PathCost(format, on: isa)
        let first = (1...4096).first { cost.blas(positions: $0) < cost.quant(positions: $0) }
        #expect(cost.crossover == first)
        for n in [1, 2, 9, 10, 64, 512] where n < first ?? .max {
            #expect(cost.quant(positions: n) <= cost.blas(positions: n))
        }
    }

    @Test func aForcedPathIsTakenAtEveryN() {
        for n in [1, 2, 511, 4096] {
            #expect(Plan(policy: .blas, formats: [.Q2_K]).path(for: .Q2_K, positions: n) == .blas)
            #expect(Plan(policy: .quant, formats: [.Q2_K]).path(for: .Q2_K, positions: n) == .quant)
        }
    }

    @Test func theSameFactsGiveTheSamePlan() {
        #expect(Plan(policy: .auto, formats: [.Q2_K, .F32]) == Plan(policy: .auto, formats: [.F32, .Q2_K]))
    }

    @Test func itPrintsALineForEachFormatOfTheModel() {
        let text = Plan(policy: .auto, formats: [.Q6_K, .F16], instructionSet: .avx2).description
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.contains("F16   dot products for n < ") && text.contains("Q6_K  dot products at every n"))
        #expect(Plan(policy: .quant, formats: [.F16]).description.contains("F16   dot products at every n"))
        #expect(Plan(policy: .blas, formats: [.F16]).description.contains("F16   sgemm at every n"))
    }
}
