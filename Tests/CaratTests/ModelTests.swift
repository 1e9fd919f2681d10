import Carat
import Testing

@Suite(.serialized) struct ModelTests {
    /// The README's example, as it stands there but for the printing.
    @Test func fiveLinesStreamAGeneration() async throws {
        let model = try Model.embedded()
        var text = ""
        for try await piece in model.generate("It was a dark night", options: GenerationOptions(maxTokens: 20)) {
            text += piece
        }
        #expect(!text.isEmpty)
    }

    @Test func generationsShareAThreadAndStayApart() async throws {
        let model = try Model.embedded()
        var options = GenerationOptions(maxTokens: 12)
        options.sampling.temperature = 0
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 {
                group.addTask { [options] in
                    try await model.generate("Call me", options: options).reduce(into: "") { $0 += $1 }
                }
            }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(texts.count == 4 && Set(texts).count == 1 && texts[0].isEmpty == false)
    }

    @Test func endingTheLoopEndsTheGeneration() async throws {
        let model = try Model.embedded()
        for try await _ in model.generate("The sea") { break }
        // the thread is free again long before the 2,048 tokens that were asked for
        var next = ""
        for try await piece in model.generate("The sea", options: GenerationOptions(maxTokens: 2)) { next += piece }
        #expect(!next.isEmpty)
    }

    @Test func whatDoesNotFitIsAnErrorOfTheStream() async throws {
        let model = try Model.embedded()
        await #expect(throws: EngineError.self) {
            for try await _ in model.generate(String(repeating: "word ", count: 3000)) {}
        }
        await #expect(throws: EngineError.noChatTemplate(model: "carat-tiny")) {
            for try await _ in model.reply(to: "Hello") {}
        }
        #expect(throws: (any Error).self) { try Model(path: "/nowhere/model.gguf") }
    }

    @Test func completeReturnsCountsAndSettingsAreInReach() async throws {
        var settings = EngineSettings()
        settings.precision = .fast
        settings.cacheElement = .f32
        settings.context = 64
        let model = try Model.embedded(settings: settings)
        var options = GenerationOptions(maxTokens: 9)
        options.sampling.seed = 4
        let result = try await model.complete("She had been", options: options)
        #expect(result.timings.promptTokens == 4 && result.timings.generatedTokens == 9)
        #expect(result.finishReason == .length && result.seed == 4 && !result.text.isEmpty)
        await #expect(throws: EngineError.promptTooLong(tokens: 101, context: 64)) {
            try await model.complete(String(repeating: "a", count: 100))
        }
    }

    @Test func itKnowsItself() throws {
        let model = try Model.embedded()
        #expect(model.name == "carat-tiny" && model.contextLength == 2048 && !model.isInstructionTuned)
        #expect(model.tokenCount(of: "She had been") == 4)
    }
}
