import Compute
import Planner
import Testing

@Suite struct PlanTests {
    static let shape = ModelShape(
        layers: 2, width: 2048, feedForwardWidth: 16_384, heads: 8, kvHeads: 1, headDim: 256)

    /// Two layers and the output of Gemma 2B's shape.
    static func weights(_ format: WeightFormat) -> [PlannedWeight] {
        let rows: [WeightClass: Int] = [.key: 256, .value: 256, .gate: 16_384, .up: 16_384]
        let layers = [0, 1].flatMap { (layer: Int) -> [PlannedWeight] in
            WeightClass.ofLayer.map { weightClass in
                PlannedWeight(
                    layer: layer, weightClass, format: format, rows: rows[weightClass] ?? 2048,
                    columns: weightClass == .down ? 16_384 : 2048)
            }
        }
        return layers + [PlannedWeight(layer: nil, .output, format: format, rows: 256_000, columns: 2048)]
    }

    static func plan(
        _ format: WeightFormat, _ precision: Precision, isa: Kernels.InstructionSet = .avx2,
        errors: ErrorTable = .unmeasured, budget: Double = Plan.defaultErrorBudget, threads: Int = 2
    ) -> Plan {
        Plan(
            weights: weights(format), costs: .reference(isa), errors: errors, precision: precision, errorBudget: budget,
            threads: threads, prefillThreads: threads)
    }

    private func places(_ plan: Plan) -> [(Int?, WeightClass)] { plan.weights.map { ($0.layer, $0.weightClass) } }

    /// Formats with tile kernels stay on their integers; sgemm takes over where there are none.
    @Test(arguments: WeightFormat.allCases, [Kernels.InstructionSet.avx2, .portable])
    func autoDecodesByDotProductsAndPrefillsByTheFasterPath(format: WeightFormat, isa: Kernels.InstructionSet) {
        let plan = Self.plan(format, .auto, isa: isa)
        let hasTiles = isa == .avx2 && format.activation == .int8x256
        for (layer, weightClass) in places(plan) {
            #expect(plan.choice(layer: layer, weightClass, positions: 1).path == .quant)
            #expect(plan.choice(layer: layer, weightClass, positions: 512).path == (hasTiles ? .quant : .blas))
        }
    }

    @Test(arguments: WeightFormat.allCases)
    func fullTakesBLASForEveryPrefillAndNothingElse(format: WeightFormat) {
        let plan = Self.plan(format, .full)
        for (layer, weightClass) in places(plan) {
            for n in [1, 2, 3, 8, 9, 512, 513, 4096] {
                #expect(plan.choice(layer: layer, weightClass, positions: n).path == (n == 1 ? .quant : .blas))
            }
        }
    }

    @Test func fastHasNoBudget() {
        let errors = ErrorTable([.init(layer: 1, .down, error: 0.5)])
        let plan = Self.plan(.Q4_K, .fast, errors: errors, budget: 0)
        for (layer, weightClass) in places(plan) {
            for bucket in PositionBucket.all {
                #expect(plan.choice(layer: layer, weightClass, positions: bucket.lowerBound).path == .quant)
            }
        }
    }

    @Test func aWeightOverTheBudgetAndNoOtherGoesToBLAS() {
        let errors = ErrorTable([
            .init(layer: 0, .down, error: 0.019), .init(layer: 1, .down, error: 0.021),
            .init(layer: nil, .output, error: 0.003),
        ])
        let plan = Self.plan(.Q4_K, .auto, errors: errors, budget: 0.02)
        for (layer, weightClass) in places(plan) {
            let isOver = layer == 1 && weightClass == .down
            for n in [2, 64, 512, 2000] {
                #expect(plan.choice(layer: layer, weightClass, positions: n).path == (isOver ? .blas : .quant))
                #expect(plan.reason(layer: layer, weightClass, positions: n) == (isOver ? .overBudget : .withinBudget))
            }
            #expect(plan.choice(layer: layer, weightClass, positions: 1).path == .quant)
        }
        #expect(plan.reason(layer: 1, .down, positions: 1) == .singlePosition)
        #expect(plan.description.contains("(error 2.10 %)"))
    }

    /// Weights as Float are multiplied as Floats: no budget is too small for them.
    @Test(arguments: [WeightFormat.F32, .F16, .BF16])
    func floatWeightsHaveNoErrorOnEitherPath(format: WeightFormat) {
        let errors = ErrorTable([.init(layer: 0, .query, error: 0.5)])
        let plan = Self.plan(format, .auto, errors: errors, budget: 0)
        #expect(plan.weights.indices.allSatisfy { plan.error(of: $0) == 0 })
        #expect(plan.choice(layer: 0, .query, positions: 2).path == .quant)
    }

    @Test func theCrossoverIsWhereTheTimesMeet() throws {
        for format in WeightFormat.allCases {
            let plan = Self.plan(format, .fast)
            let gate = try #require(plan.weights.firstIndex { $0.weightClass == .gate })
            let crossover = plan.crossover(of: gate)
            // the middles of buckets, for which choices are made
            for n in [2, 4, 7, 13, 25, 97, 385] {
                let path = plan.choice(layer: 0, .gate, positions: n).path
                #expect(path == (n >= crossover ?? .max ? .blas : .quant), "\(format) at \(n)")
            }
        }
    }

    @Test func theSameFactsGiveTheSamePlan() throws {
        #expect(Self.plan(.Q6_K, .auto) == Self.plan(.Q6_K, .auto))
        #expect(Self.plan(.Q6_K, .auto) != Self.plan(.Q6_K, .full))
    }

    /// Whoever runs it with other threads gets the same numbers.
    @Test(arguments: WeightFormat.allCases, Precision.allCases)
    func threadsDoNotChangeAPath(format: WeightFormat, precision: Precision) {
        let plans = [1, 2, 64].map { Self.plan(format, precision, threads: $0) }
        for (layer, weightClass) in places(plans[0]) {
            for bucket in PositionBucket.all {
                let paths = plans.map { $0.choice(layer: layer, weightClass, positions: bucket.lowerBound).path }
                #expect(Set(paths).count == 1)
            }
        }
    }

    @Test func bucketsCoverAllNumbersInOrder() {
        #expect(PositionBucket.all.map(\.lowerBound) == [1, 2, 3, 5, 9, 17, 33, 65, 129, 257, 513])
        var last = 0
        for n in 1...5000 {
            let bucket = PositionBucket(n)
            #expect(bucket.lowerBound <= n && n <= bucket.upperBound ?? .max)
            #expect(bucket.index == last || bucket.index == last + 1)
            last = bucket.index
        }
        #expect(PositionBucket(.max).index == PositionBucket.count - 1)
    }

    /// A region costs more than a small product gains from a second thread.
    @Test func smallWeightsTakeOneThread() {
        let small = [PlannedWeight(layer: nil, .output, format: .Q4_K, rows: 64, columns: 256)]
        let plan = Plan(weights: small, costs: .reference(.avx2), threads: 2, prefillThreads: 2)
        #expect(plan.choice(layer: nil, .output, positions: 1).threads == 1)
        #expect(Self.plan(.Q4_K, .auto).choice(layer: 0, .gate, positions: 1).threads == 2)
        #expect(Self.plan(.Q4_K, .auto, threads: 1).choice(layer: 0, .gate, positions: 512).threads == 1)
    }

    @Test func itPrintsWhatDiffers() {
        let text = Self.plan(.Q8_0, .auto).description
        #expect(text.hasPrefix("plan: precision auto, error budget 2.00 %, built-in costs"))
        #expect(text.contains("gate") && text.contains("layers 0-1") && text.contains("sgemm from n = "))
        #expect(Self.plan(.Q4_K, .full).description.contains("dot products for n = 1, sgemm from n = 2"))
        #expect(Plan.uniform(.blas).description == "plan: blas for everything")
    }
}
