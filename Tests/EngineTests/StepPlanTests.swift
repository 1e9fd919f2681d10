import Testing

import Engine

@Suite struct StepPlanTests {
    @Test(arguments: [
        (512, [100], [100]), (512, [4000], [512]), (512, [], []), (0, [5, 5], [0, 0]),
        // the oldest gets half, the short ones come to their end, the oldest the rest
        (512, [8000, 20, 30], [462, 20, 30]),
        (512, [8000, 8000, 100], [412, 0, 100]),
        // a short oldest leaves its half over
        (512, [10, 8000, 600], [10, 502, 0]),
        (100, [60, 60, 60], [60, 40, 0]), (1, [10, 1], [1, 0]),
    ])
    func shares(budget: Int, remaining: [Int], expected: [Int]) {
        #expect(StepPlan.shares(of: budget, remaining: remaining) == expected)
    }
}
