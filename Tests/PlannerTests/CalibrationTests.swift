import Compute
import Planner
import Testing

@Suite(.serialized) struct CalibrationTests {
    @Test func itMeasuresTheFormatsAskedForAndAddsOthersLater() {
        var calibration = Calibration(kernels: .best, threads: 2)
        let costs = calibration.costs(of: [.Q4_K])
        #expect(costs.isPlausible && costs.isMeasured && costs.threads == 2)
        #expect(costs.has(.Q4_K) && !costs.has(.Q6_K))
        #expect(costs.instructionSet == Kernels.best.instructionSet.rawValue)
        let more = calibration.costs(of: [.F16], knowing: costs)
        #expect(more.has(.F16) && more.formats["Q4_K"] == costs.formats["Q4_K"] && more.region == costs.region)
    }

    @Test func moreWorkTakesLonger() throws {
        var calibration = Calibration(kernels: .best, threads: 1)
        let costs = try #require(calibration.costs(of: [.Q4_K]).formats["Q4_K"])
        for curve in [costs.quant, costs.blas] {
            #expect(curve.points.count == MachineCosts.positions.count)
            #expect(curve.points[5].one > 2 * curve.points[0].one)  // 64 positions against 1
            #expect(curve.points[6].one > 4 * curve.points[5].one)  // 512 against 64
        }
        // sgemm first packs the weights, which at 8 positions is a good part of its time; and few positions read them
        // from memory that other tests use too
        #expect(costs.quant.points[5].one > costs.quant.points[3].one)
    }
}
