import Compute
import Planner
import Testing

@Suite struct PredictionTests {
    private func gate(_ plan: Plan) throws -> Int { try #require(plan.weights.firstIndex { $0.weightClass == .gate }) }

    @Test func costsAreInterpolatedNotStepped() throws {
        let plan = PlanTests.plan(.Q4_K, .fast)
        let gate = try gate(plan)
        let times = (16...600).map { plan.seconds(ofRegion: [gate], positions: $0) }
        for (a, b) in zip(times, times.dropFirst()) { #expect(a < b && b < 1.1 * a) }
        // at the ends of a bucket, as at its middle
        #expect(times[32 - 16] < 0.6 * times[64 - 16])
    }

    @Test func moreThreadsAreFasterUpToTheTeam() throws {
        let costs = MachineCosts.reference(.avx2)
        let times = [1, 2, 4].map { threads in
            let plan = Plan(
                weights: PlanTests.weights(.Q4_K), costs: costs, precision: .fast, threads: threads,
                prefillThreads: threads)
            return plan.forwardSeconds(PlanTests.shape, positions: 64)
        }
        #expect(times[1] < 0.6 * times[0] && times[2] >= 0.95 * times[1])
    }

    /// One chunk of rows cannot be shared, whatever the threads.
    @Test func aSinglePanelRunsOnOneThread() throws {
        let plan = PlanTests.plan(.F16, .full)
        let key = try #require(plan.weights.firstIndex { $0.weightClass == .key })
        let query = try #require(plan.weights.firstIndex { $0.weightClass == .query })
        let (small, large) = (
            plan.seconds(ofRegion: [key], positions: 512), plan.seconds(ofRegion: [query], positions: 512)
        )
        // an eighth of the rows on half of the threads
        #expect(abs(small / (large / 4) - 1) < 0.05)
    }

    @Test func aWholeModelIsTheSumOfItsParts() throws {
        let plan = PlanTests.plan(.Q4_K, .auto)
        let once = plan.decodeSeconds(PlanTests.shape, tokens: 1)
        #expect(plan.decodeSeconds(PlanTests.shape, tokens: 128) > 128 * once)  // attention grows
        let parts = plan.prefillSeconds(PlanTests.shape, tokens: 512, ubatch: 256)
        let whole = plan.prefillSeconds(PlanTests.shape, tokens: 512)
        #expect(whole < parts && parts < 1.3 * whole)
    }

    /// Reference costs with another region.
    private static func costs(team: Double) -> MachineCosts {
        let c = MachineCosts.reference(.avx2)
        return MachineCosts(
            isMeasured: c.isMeasured, isTeamMeasured: c.isTeamMeasured, instructionSet: c.instructionSet,
            threads: c.threads, formats: [:], readBandwidth: c.readBandwidth, sgemmRate: c.sgemmRate,
            region: .init(one: 0, team: team), quantScaling: c.quantScaling, blasScaling: c.blasScaling,
            elementwise: c.elementwise)
    }

    /// Little work is not shared out, and so no region is waited for.
    @Test func fewNumbersWaitForNoTeam() {
        func regions(positions n: Int) -> Double {
            func seconds(team: Double) -> Double {
                let plan = Plan(
                    weights: [], costs: Self.costs(team: team), precision: .fast, threads: 2, prefillThreads: 2)
                return plan.forwardSeconds(PlanTests.shape, positions: n)
            }
            return (seconds(team: 1) - seconds(team: 0)) / Double(PlanTests.shape.layers)
        }
        // attention's and GeGLU's; attention's; that and the rowwise steps'
        #expect(abs(regions(positions: 1) - 2) < 1e-6)
        #expect(abs(regions(positions: 2) - 1) < 1e-6)
        #expect(abs(regions(positions: 512) - 7) < 1e-6)
    }

    @Test func referenceCostsArePlausibleForEveryInstructionSet() {
        for isa in Kernels.InstructionSet.allCases {
            let costs = MachineCosts.reference(isa)
            #expect(costs.isPlausible && !costs.isMeasured && WeightFormat.allCases.allSatisfy(costs.has))
        }
    }
}
