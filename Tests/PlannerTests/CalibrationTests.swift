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
        // the least of some: few positions read weights from memory that other tests use too
        let measured = try (0..<3).map { _ in
            var calibration = Calibration(kernels: .best, threads: 1)
            return try #require(calibration.costs(of: [.Q4_K]).formats["Q4_K"])
        }
        func least(_ curve: KeyPath<MachineCosts.FormatCosts, MachineCosts.Curve>) -> [Double] {
            MachineCosts.positions.indices.map { i in measured.map { $0[keyPath: curve].points[i].one }.min() ?? 0 }
        }
        for curve in measured.flatMap({ [$0.quant, $0.blas] }) {
            #expect(curve.points.count == MachineCosts.positions.count)
        }
        for costs in [least(\.quant), least(\.blas)] {
            #expect(costs[5] > 2 * costs[0])  // 64 positions against 1
            #expect(costs[6] > 4 * costs[5])  // 512 against 64
        }
        // sgemm first packs the weights, which at 8 positions is a good part of its time
        #expect(least(\.quant)[5] > 2 * least(\.quant)[3])
    }
}
