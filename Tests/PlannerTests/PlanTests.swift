import Compute
import Planner
import Testing

@Suite struct PlanTests {
    @Test(arguments: WeightFormat.allCases)
    func autoDecodesByDotProductsAndPrefillsByPanels(format: WeightFormat) {
        let plan = Plan(policy: .auto, formats: [format])
        #expect(plan.path(for: format, positions: 1) == .quant)
        #expect(plan.path(for: format, positions: 512) == .blas)
    }

    @Test(arguments: WeightFormat.allCases)
    func theCrossoverIsWhereTheCostsMeet(format: WeightFormat) throws {
        let cost = PathCost(format)
        let crossover = try #require(cost.crossover)
        #expect(cost.blas(positions: crossover) < cost.dot(positions: crossover))
        #expect(cost.blas(positions: crossover - 1) >= cost.dot(positions: crossover - 1))
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
        let text = Plan(policy: .auto, formats: [.Q6_K, .Q4_K]).description
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.contains("Q4_K  dot products for n < "))
        #expect(Plan(policy: .quant, formats: [.F16]).description.contains("F16   dot products at every n"))
        #expect(Plan(policy: .blas, formats: [.F16]).description.contains("F16   sgemm at every n"))
    }
}
