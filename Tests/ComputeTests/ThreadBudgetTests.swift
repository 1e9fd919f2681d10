import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

import Compute

@Suite struct ThreadBudgetTests {
    @Test(arguments: [
        (4, nil, 4), (4, 2.0, 2), (4, 1.5, 2), (4, 0.2, 1), (2, 8.0, 2), (0, nil, 1), (3, Double.nan, 3),
    ] as [(Int, Double?, Int)])
    func threadsAreCoresWithinTheQuota(cores: Int, quota: Double?, threads: Int) {
        #expect(ThreadBudget(affinityCores: cores, quota: quota).threads == threads)
    }
}
