import Compute
import Engine
import Gemma
import Planner
import Synchronization
import TestSupport
import Testing
import Tokenizer

@Suite(.serialized) struct EngineTests {
    static func engine(_ change: (inout EngineSettings) -> Void = { _ in }) throws -> Engine {
        var settings = EngineSettings()
        settings.precision = .fast
        settings.context = 1024
        change(&settings)
        return try Engine(try GemmaModel(try EmbeddedModel.open()), settings: settings)
    }

    static func options(_ maxTokens: Int?, seed: UInt64? = nil) -> GenerationOptions {
        var options = GenerationOptions(maxTokens: maxTokens)
        if let seed { options.sampling.seed = seed } else { options.sampling.temperature = 0 }
        return options
    }

    static let text = """
        It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it \
        was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of \
        Darkness, it was the spring of hope, it was the winter of despair.
        """

    /// Prompts that share much, little and nothing, of all lengths around a block's.
    private func requests(_ tokenizer: Tokenizer) -> [EngineRequest] {
        let long = tokenizer.encode(String(repeating: Self.text + "\n", count: 8))
        var all: [EngineRequest] = []
        for (index, length) in [300, 301, 256, 257, 512, 5, 640, 300].enumerated() {
            var options = Self.options(20 + index, seed: UInt64(index))
            options.logprobs = 3
            options.ignoreEndOfText = true
            all.append(EngineRequest(prompt: Array(long.prefix(length)), options: options))
        }
        all.append(EngineRequest(prompt: tokenizer.encode("She had been"), options: Self.options(30), count: 2))
        return all
    }

    @Test(arguments: [1, 2])
    func aResultIsTheSameAloneAndAmongOthers(threads: Int) async throws {
        let alone = try Self.engine { ($0.sequences, $0.cacheBytes, $0.threads, $0.prefillThreads) = (2, 0, 1, 1) }
        let together = try Self.engine {
            ($0.sequences, $0.ubatch, $0.threads, $0.prefillThreads) = (6, 100, threads, threads)
        }
        let requests = requests(alone.model.tokenizer)
        var expected: [EngineResult] = []
        for var request in requests {
            request.usesCache = false
            expected.append(try await alone.run(request))
        }
        for round in 1...2 {
            let results = try await withThrowingTaskGroup(of: (Int, EngineResult).self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask { (index, try await together.run(request)) }
                }
                return try await group.reduce(into: [Int: EngineResult]()) { $0[$1.0] = $1.1 }
            }
            for (index, one) in expected.enumerated() {
                let other = try #require(results[index])
                #expect(other.completions.map(\.tokens) == one.completions.map(\.tokens), "request \(index)")
                #expect(other.completions.map(\.logprobs) == one.completions.map(\.logprobs), "request \(index)")
                #expect(other.completions.map(\.text) == one.completions.map(\.text))
                #expect(other.usage.generatedTokens == one.usage.generatedTokens)
                if round == 2 { #expect(other.usage.cachedTokens == other.usage.promptTokens - 1) }
            }
        }
        let statistics = together.statistics
        #expect(statistics.running == 0 && statistics.finished >= 2 * requests.count - 1)
        #expect(statistics.cachedTokens > statistics.prefilledTokens)
    }

    @Test func aSessionGivesTheSame() async throws {
        let engine = try Self.engine()
        let prompt = engine.model.tokenizer.encode("She had been")
        let result = try await engine.run(EngineRequest(prompt: prompt, options: Self.options(40)))
        var settings = EngineSettings()
        settings.precision = .fast
        let session = try Session(engine.model, settings: settings)
        let other = try session.generate(prompt, options: Self.options(40)) { _ in true }
        #expect(result.completions[0].text == other.text)
        #expect(result.completions[0].finishReason == other.finishReason)
    }

    @Test func completionsOfOnePromptShareItsPrefillAndDrawBySeedsOfTheirOwn() async throws {
        let engine = try Self.engine()
        let prompt = engine.model.tokenizer.encode(Self.text)
        let before = engine.statistics.prefilledTokens
        let three = try await engine.run(EngineRequest(prompt: prompt, options: Self.options(12, seed: 7), count: 3))
        #expect(engine.statistics.prefilledTokens - before == prompt.count)
        #expect(three.completions.map(\.seed) == [7, 8, 9])
        for (index, completion) in three.completions.enumerated() {
            let one = try await engine.run(
                EngineRequest(prompt: prompt, options: Self.options(12, seed: 7 + UInt64(index))))
            #expect(one.completions[0] == completion)
        }
        #expect(Set(three.completions.map(\.text)).count == 3)
    }

    @Test func promptLogprobsAreThoseOfGeneration() async throws {
        let engine = try Self.engine()
        let prompt = engine.model.tokenizer.encode("She had been")
        var options = Self.options(12)
        options.logprobs = 2
        let generated = try await engine.run(EngineRequest(prompt: prompt, options: options)).completions[0]
        var score = Self.options(0)
        score.promptLogprobs = 2
        let whole = prompt + generated.tokens
        let scored = try await engine.run(EngineRequest(prompt: whole, options: score))
        #expect(scored.promptLogprobs.count == whole.count && scored.promptLogprobs[0] == nil)
        #expect(scored.promptLogprobs.suffix(12).map { $0 } == generated.logprobs)
        #expect(scored.completions[0].tokens.isEmpty)
        for entry in generated.logprobs {
            #expect(entry.top.count == 2 && entry.top[0].token == entry.token && entry.top[0].logprob == entry.logprob)
            #expect(entry.top[0].logprob >= entry.top[1].logprob)
        }
    }

    @Test(arguments: EmbeddingOptions.Pooling.allCases)
    func anEmbeddingDoesNotDependOnHowThePromptIsCut(pooling: EmbeddingOptions.Pooling) async throws {
        let engine = try Self.engine()
        let prompt = engine.model.tokenizer.encode(Self.text)
        let request = EngineRequest(prompt: prompt, task: .embed(EmbeddingOptions(pooling: pooling)))
        let whole = try await engine.run(request).embedding
        #expect(whole.count == engine.model.config.width)
        #expect(abs(whole.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        let cut = try Self.engine { $0.ubatch = 7 }
        #expect(try await cut.run(request).embedding == whole)
        #expect(try await cut.run(request).embedding == whole)
    }

    @Test func badRequestsAreRefusedAtOnce() async throws {
        let engine = try Self.engine { $0.sequences = 4 }
        await #expect(throws: EngineError.emptyPrompt) {
            try await engine.run(EngineRequest(prompt: [], options: Self.options(1)))
        }
        await #expect(throws: EngineError.tokenOutOfRange(id: -1, vocabulary: engine.model.tokenizer.vocabulary.count))
        {
            try await engine.run(EngineRequest(prompt: [-1], options: Self.options(1)))
        }
        await #expect(throws: EngineError.promptTooLong(tokens: 1025, context: 1024)) {
            try await engine.run(EngineRequest(prompt: Array(repeating: 5, count: 1025), options: Self.options(1)))
        }
        await #expect(throws: EngineError.option(name: "completions", value: "5", allowed: "1 to 4")) {
            try await engine.run(EngineRequest(prompt: [5], options: Self.options(1), count: 5))
        }
        var options = Self.options(1)
        options.logprobs = 101
        await #expect(throws: EngineError.option(name: "logprobs", value: "101", allowed: "0 to 100")) {
            try await engine.run(EngineRequest(prompt: [5], options: options))
        }
    }

    /// Cancelled while it waits, in its prefill and while it generates; the neighbour's text stays what it was.
    ///
    /// The watched request runs beside those that are cancelled and gets there with them, while they have more than a
    /// thousand tokens to go: however fast the machine is, none has ended by then.
    @Test func cancellingOneDisturbsNoOther() async throws {
        let engine = try Self.engine { ($0.sequences, $0.ubatch, $0.context) = (4, 32, 2048) }
        let tokenizer = engine.model.tokenizer
        let request = EngineRequest(prompt: tokenizer.encode("She had been"), options: Self.options(200))
        let expected = try await engine.run(request)
        let long = EngineRequest(
            prompt: Array(tokenizer.encode(String(repeating: Self.text, count: 8)).prefix(800)),
            options: Self.options(nil))
        var watched = long
        watched.priority = -1
        async let neighbour = engine.run(request)
        for kind in 0..<3 {
            let tasks = (0..<(kind == 0 ? 6 : 3)).map { _ in Task { try await engine.run(long) } }
            if kind > 0 {
                for try await event in engine.stream(watched) {
                    if kind == 1, case .prefilled(let done, _) = event, done > 100 { break }
                    if kind == 2, case .text = event { break }
                }
            }
            for task in tasks { task.cancel() }
            for task in tasks { await #expect(throws: EngineError.cancelled) { try await task.value } }
        }
        #expect(try await neighbour.completions.map(\.tokens) == expected.completions.map(\.tokens))
        let last = try await engine.run(request)
        #expect(last.completions.map(\.tokens) == expected.completions.map(\.tokens))
        #expect(engine.statistics.cancelled >= 12)
    }

    @Test func aStreamGivesWhatARunReturns() async throws {
        let engine = try Self.engine()
        let request = EngineRequest(
            prompt: engine.model.tokenizer.encode("She had been"), options: Self.options(20, seed: 3), count: 2)
        var texts = ["", ""]
        var ends: [Int: FinishReason] = [:]
        var result: EngineResult?
        for try await event in engine.stream(request) {
            switch event {
            case .text(let text, _, let index): texts[index] += text
            case .ended(let reason, let index): ends[index] = reason
            case .finished(let value): result = value
            case .prompt, .prefilled: break
            }
        }
        #expect(result?.completions.map(\.text) == texts && ends == [0: .length, 1: .length])
    }

    /// What is kept stays within its limit, and running requests come first.
    @Test func theCacheKeepsToItsMemory() async throws {
        let engine = try Self.engine { ($0.cacheBytes, $0.sequences, $0.context) = (1 << 20, 1, 300) }
        let tokens = engine.model.tokenizer.encode(String(repeating: Self.text, count: 8))
        for start in 0..<12 {
            let prompt = Array(tokens[start..<start + 280])
            _ = try await engine.run(EngineRequest(prompt: prompt, options: Self.options(2)))
            let statistics = engine.statistics
            #expect(statistics.usedBlocks <= statistics.blockLimit)
        }
    }

    /// Short requests don't wait for a long prefill, nor does it stop while they come.
    @Test func aLongPrefillStallsNobody() async throws {
        // kernels that leave time for something to come in between
        let engine = try Self.engine { ($0.ubatch, $0.sequences, $0.kernels) = (32, 4, .portable) }
        let tokenizer = engine.model.tokenizer
        let long = Array(tokenizer.encode(String(repeating: Self.text, count: 16)).prefix(1000))
        let events = Mutex<[String]>([])
        let slow = Task {
            try await engine.run(EngineRequest(prompt: long, options: Self.options(1))) { event in
                if case .prefilled(let done, let total) = event {
                    events.withLock { $0.append(done == total ? "prefilled" : "chunk") }
                }
            }
        }
        while !events.withLock({ $0.contains("chunk") }) { await Task.yield() }
        for _ in 0..<2 {
            _ = try await engine.run(
                EngineRequest(prompt: tokenizer.encode("She had been"), options: Self.options(4)))
            events.withLock { $0.append("short") }
        }
        _ = try await slow.value
        let order = events.withLock { $0 }
        let end = try #require(order.firstIndex(of: "prefilled"))
        #expect(order[..<end].filter { $0 == "short" }.count == 2, "\(order)")
        let shorts = order.indices.filter { order[$0] == "short" }
        #expect(order[shorts[0]..<shorts[1]].contains("chunk"), "\(order)")
    }

    /// Where prefill takes sgemm, whose sums may depend on the number of rows, prompts are cut alike whoever is there.
    @Test(arguments: [64, 256, 512])
    func withFullPrecisionToo(ubatch: Int) async throws {
        let alone = try Self.engine { ($0.precision, $0.sequences, $0.ubatch) = (.full, 2, ubatch) }
        let together = try Self.engine { ($0.precision, $0.sequences, $0.ubatch) = (.full, 5, ubatch) }
        let requests = requests(alone.model.tokenizer)
        for _ in 1...2 {
            let results = try await withThrowingTaskGroup(of: (Int, EngineResult).self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask { (index, try await together.run(request)) }
                }
                return try await group.reduce(into: [Int: EngineResult]()) { $0[$1.0] = $1.1 }
            }
            for (index, var request) in requests.enumerated() {
                request.usesCache = false
                let one = try await alone.run(request)
                #expect(results[index]?.completions.map(\.tokens) == one.completions.map(\.tokens), "request \(index)")
                #expect(results[index]?.completions.map(\.logprobs) == one.completions.map(\.logprobs))
            }
        }
        if ubatch <= 256 { #expect(together.statistics.cachedTokens > 0) }
    }

    /// More completions than a ubatch has rows.
    @Test func aSmallUbatchTakesTurns() async throws {
        let engine = try Self.engine { ($0.ubatch, $0.sequences) = (3, 8) }
        let prompt = engine.model.tokenizer.encode("She had been")
        let many = try await engine.run(EngineRequest(prompt: prompt, options: Self.options(6, seed: 4), count: 8))
        let wide = try Self.engine()
        let same = try await wide.run(EngineRequest(prompt: prompt, options: Self.options(6, seed: 4), count: 8))
        #expect(many.completions == same.completions)
    }
}
