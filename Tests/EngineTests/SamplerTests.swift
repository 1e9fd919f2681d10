import Engine
import Testing

@Suite struct SamplerTests {
    private func options(_ change: (inout SamplingOptions) -> Void = { _ in }) -> SamplingOptions {
        var options = SamplingOptions()
        // everything off, to switch on one thing at a time
        (options.temperature, options.topK, options.topP, options.minP) = (1, 0, 1, 0)
        options.seed = 1
        change(&options)
        return options
    }

    /// Which tokens come up in many draws, and how often.
    private func draw(
        _ logits: [Float], _ options: SamplingOptions, history: [Int32] = [], excluding: Set<Int32> = [],
        count: Int = 4000
    ) throws -> [Int32: Int] {
        var sampler = Sampler(options)
        var counts: [Int32: Int] = [:]
        for _ in 0..<count {
            counts[try sampler.sample(logits.span, history: history, excluding: excluding), default: 0] += 1
        }
        return counts
    }

    @Test func drawsFollowTheProbabilities() throws {
        // softmax of ln 1, ln 2, ln 5, ln 2
        let counts = try draw([0, 0.6931472, 1.609438, 0.6931472], options())
        for (token, share) in [(0, 0.1), (1, 0.2), (2, 0.5), (3, 0.2)] as [(Int32, Double)] {
            #expect(abs(Double(counts[token] ?? 0) / 4000 - share) < 0.03)
        }
    }

    @Test func temperatureSharpens() throws {
        let counts = try draw([0, 0.6931472], options { $0.temperature = 0.5 })
        #expect(abs(Double(counts[1] ?? 0) / 4000 - 0.8) < 0.03)  // 2^2 to 1
    }

    @Test(arguments: [0, -1] as [Float])
    func noTemperatureTakesTheBest(temperature: Float) throws {
        #expect(try draw([1, 3, 2], options { $0.temperature = temperature }, count: 20) == [1: 20])
        // the first of equals
        #expect(try draw([3, 3, 2], options { $0.temperature = temperature }, count: 20) == [0: 20])
    }

    @Test func topKKeepsK() throws {
        #expect(Set(try draw([1, 4, 2, 3, 0], options { $0.topK = 2 }).keys) == [1, 3])
        #expect(Set(try draw([1, 4, 2], options { $0.topK = 99 }).keys) == [0, 1, 2])
    }

    @Test func topPKeepsTheSmallestSet() throws {
        let logits: [Float] = [0, 0.6931472, 1.609438, 0.6931472]  // .1 .2 .5 .2
        #expect(Set(try draw(logits, options { $0.topP = 0.45 }).keys) == [2])
        #expect(Set(try draw(logits, options { $0.topP = 0.6 }).keys) == [1, 2])
        #expect(Set(try draw(logits, options { $0.topP = 0 }).keys) == [2])
    }

    @Test func minPDropsTheImprobable() throws {
        #expect(Set(try draw([0, 0.6931472, 1.609438, 0.6931472], options { $0.minP = 0.3 }).keys) == [1, 2, 3])
    }

    @Test func typicalPrefersTheExpectedSurprise() throws {
        // one certain token and many even ones: the entropy lies nearer to the even ones
        var logits = [Float](repeating: 0, count: 20)
        logits[0] = 2
        let counts = try draw(logits, options { $0.typicalP = 0.5 })
        #expect(counts[0] == nil)
    }

    @Test func penaltiesLookBackAsFarAsAsked() throws {
        let logits: [Float] = [2, 1.9, -1]
        let history: [Int32] = [0, 0, 2, 1]
        func best(_ change: (inout SamplingOptions) -> Void) throws -> Int32? {
            try draw(
                logits,
                options {
                    $0.temperature = 0; change(&$0)
                }, history: history, count: 1
            ).keys.first
        }
        #expect(try best { _ in } == 0)
        #expect(
            try best {
                $0.presencePenalty = 1; $0.repeatLastN = 1
            } == 0)  // only token 1 is seen
        #expect(try best { $0.frequencyPenalty = 0.2 } == 1)  // token 0 twice, token 1 once
        #expect(
            try best {
                $0.repeatPenalty = 1.5; $0.repeatLastN = 3
            } == 0)
        #expect(
            try best {
                $0.repeatPenalty = 1.5; $0.repeatLastN = 0
            } == 0)
        #expect(
            try best {
                $0.frequencyPenalty = 0.2; $0.repeatLastN = -1
            } == 1)
    }

    @Test func biasAndBans() throws {
        #expect(
            try draw(
                [1, 3, 2],
                options {
                    $0.temperature = 0; $0.logitBias = [0: 5]
                }, count: 1) == [0: 1])
        #expect(
            try draw(
                [1, 3, 2],
                options {
                    $0.temperature = 0; $0.logitBias = [1: -.infinity]
                }, count: 1) == [2: 1])
        #expect(try draw([1, 3, 2], options(), excluding: [1, 2], count: 50) == [0: 50])
    }

    @Test func theSameSeedGivesTheSameDraws() throws {
        let logits = (0..<1000).map { Float($0 % 37) / 9 }
        func sequence(_ seed: UInt64) throws -> [Int32] {
            var sampler = Sampler(options { $0.seed = seed })
            return try (0..<50).map { _ in try sampler.sample(logits.span, history: []) }
        }
        #expect(try sequence(7) == sequence(7))
        #expect(try sequence(7) != sequence(8))
        // pinned: a seed keeps its meaning between versions
        #expect(try Array(sequence(7).prefix(6)) == [544, 922, 761, 191, 77, 611])
    }

    @Test(arguments: [
        [Float.nan, 1], [1, .infinity], [-.infinity, -.infinity], [.nan, .nan],
    ])
    func logitsThatAreNoNumbersAreAnError(logits: [Float]) throws {
        for temperature in [0, 1] as [Float] {
            #expect(throws: EngineError.self) { try draw(logits, options { $0.temperature = temperature }, count: 1) }
        }
    }

    @Test func largeVocabulariesGiveTheSameAsASort() throws {
        // many equal logits and a prefix far smaller than the whole: the partial sort must keep the order
        let logits = (0..<50_000).map { Float(($0 &* 7919) % 1000) / 100 }
        let kept = Set(try draw(logits, options { $0.topK = 60 }, count: 3000).keys)
        let expected = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }.prefix(60).map(Int32.init)
        #expect(kept.isSubset(of: expected) && kept.count > 50)
    }

    @Test func optionsThatMakeNoSenseAreNamed() {
        let cases: [(String, (inout SamplingOptions) -> Void)] = [
            ("temperature", { $0.temperature = .nan }), ("top-p", { $0.topP = 1.1 }),
            ("min-p", { $0.minP = -0.1 }), ("typical", { $0.typicalP = .nan }),
            ("repeat-penalty", { $0.repeatPenalty = 0 }),
            ("repeat-last-n", { $0.repeatLastN = -2 }), ("presence-penalty", { $0.presencePenalty = .infinity }),
            ("frequency-penalty", { $0.frequencyPenalty = 1000 }), ("token id 99", { $0.logitBias = [99: 1] }),
            ("token id -1", { $0.logitBias = [-1: 1] }), ("logit bias of token 1", { $0.logitBias = [1: .nan] }),
        ]
        for (name, change) in cases {
            #expect { try options(change).validate(vocabularyCount: 10) } throws: { "\($0)".contains(name) }
        }
    }
}
