import Bench
import Testing

@Suite struct MachineLimitsTests {
    private func limits(cores: Int = 2, othersCores: Double?) -> MachineLimits {
        MachineLimits(
            clock: 3e9, readBandwidth: [1: 15e9, 2: 25e9], sgemmRate: [1: 45e9], floatRate: nil, int8Rate: nil,
            cores: cores, othersCores: othersCores)
    }

    @Test(arguments: [nil, 0, 0.1])
    func quietMeasurementsGoUnremarked(othersCores: Double?) {
        let limits = limits(othersCores: othersCores)
        #expect(limits.warning == nil && !limits.summary.contains("other processes"))
    }

    @Test func measurementsBesideOthersAreMarked() throws {
        let limits = limits(othersCores: 0.97)
        #expect(limits.summary.hasSuffix("measured while other processes took 1.0 cores: too low"))
        #expect(try #require(limits.warning).contains("took 1.0 cores while the machine's limits were measured"))
    }

    @Test func othersOnFreeCoresGoUnremarked() {
        #expect(limits(cores: 4, othersCores: 1.9).warning == nil)
        #expect(limits(cores: 4, othersCores: 2.3).warning != nil)
    }

    @Test func whatOthersTookIsMeasured() throws {
        let limits = try MachineLimits.measure(threads: [1])
        #if os(Linux)
            #expect(try #require(limits.othersCores) >= 0)
        #endif
    }
}
