import Bench
import Testing

@Suite struct StatisticsTests {
    @Test func theyAreThoseOfASample() {
        let s = Statistics([4, 1, 3, 2, 100])
        #expect(s.count == 5 && s.mean == 22 && s.median == 3)
        #expect(s.minimum == 1 && s.maximum == 100)
        #expect(s.medianAbsoluteDeviation == 1)
        #expect(abs(s.standardDeviation - 43.617) < 0.001)  // with 4 in the denominator
    }

    @Test func anEvenCountHasAMedianBetween() {
        let s = Statistics([1, 2, 4, 10])
        #expect(s.median == 3 && s.medianAbsoluteDeviation == 1.5)
    }

    @Test func oneSampleHasNoSpread() {
        let s = Statistics([7])
        #expect(s.mean == 7 && s.median == 7 && s.standardDeviation == 0 && s.medianAbsoluteDeviation == 0)
    }
}
