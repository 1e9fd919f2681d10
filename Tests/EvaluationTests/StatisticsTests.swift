import Evaluation
import TestSupport
import Testing

@Suite struct StatisticsTests {
    @Test func theMeanHasItsStandardError() {
        var mean = RunningMean()
        #expect(mean.mean == 0 && mean.standardError == 0)
        for value in [1.0, 2, 3, 6] { mean.add(value) }
        // sample standard deviation sqrt(14/3), over the root of 4
        #expect(mean.mean == 3 && abs(mean.standardError - (14.0 / 3).squareRoot() / 2) < 1e-12)
    }

    @Test func quantilesLieBetweenNeighbours() {
        let quantiles = Quantiles([4, 1, 3, 2])
        #expect(quantiles.value(0) == 1 && quantiles.value(1) == 4 && quantiles.value(0.5) == 2.5)
        #expect(Quantiles([]).value(0.5) == 0 && Quantiles([7]).estimate(0.9) == Estimate(7, 0))
    }

    /// The error of the median of a normal distribution is sqrt(pi / 2) times that of its mean.
    @Test func quantilesHaveTheirErrors() {
        var random = SplitMix(3)
        let quantiles = Quantiles((0..<10_000).map { _ in Double(random.gaussian()) })
        let expected = (Double.pi / 2).squareRoot() / 100
        #expect(abs(quantiles.estimate(0.5).standardError / expected - 1) < 0.2)
        #expect(abs(quantiles.value(0.5)) < 4 * expected)
    }
}
