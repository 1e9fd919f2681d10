import Engine
import GGUF
import Gemma
import Planner
import TestSupport
import Testing
import Tokenizer

@Suite(.serialized) struct SessionTests {
    private func session(_ change: (inout EngineSettings) -> Void = { _ in }) throws -> Session {
        var settings = EngineSettings()
        change(&settings)
        return try Session(try GemmaModel(try EmbeddedModel.open()), settings: settings)
    }

    private func greedy(_ maxTokens: Int?) -> GenerationOptions {
        var options = GenerationOptions(maxTokens: maxTokens)
        options.sampling.temperature = 0
        return options
    }

    @Test func itStreamsWhatItReturns() throws {
        let session = try session()
        var pieces: [String] = []
        let prompt = session.model.tokenizer.encode("She had been")
        let result = try session.generate(prompt, options: greedy(16)) {
            pieces.append($0); return true
        }
        #expect(pieces.joined() == result.text && pieces.count > 4)
        #expect(result.finishReason == .length && result.timings.generatedTokens == 16)
        #expect(result.timings.promptTokens == 4 && result.timings.cachedTokens == 0)
        #expect(session.history.count == 4 + 15)  // the last token was shown and not run
    }

    @Test func theSameSeedGivesTheSameText() throws {
        func text(_ seed: UInt64, threads: Int) throws -> String {
            let session = try session { ($0.threads, $0.prefillThreads, $0.precision) = (threads, threads, .fast) }
            var options = GenerationOptions(maxTokens: 40)
            options.sampling.seed = seed
            return try session.generate(session.model.tokenizer.encode("The sea"), options: options) { _ in true }.text
        }
        let first = try text(5, threads: 2)
        #expect(try text(5, threads: 1) == first)
        #expect(try text(6, threads: 2) != first)
    }

    @Test func aLaterPromptContinuesTheSequence() throws {
        let tokens = try session().model.tokenizer.encode("It was the best of times, it was the worst of times")
        let whole = try session { $0.precision = .fast }.generate(tokens, options: greedy(12)) { _ in true }
        let parts = try session { ($0.precision, $0.ubatch) = (.fast, 4) }
        _ = try parts.generate(Array(tokens.prefix(5)), options: greedy(0)) { _ in true }
        let rest = try parts.generate(Array(tokens.dropFirst(5)), options: greedy(12)) { _ in true }
        #expect(rest.text == whole.text && rest.timings.cachedTokens == 5)
    }

    @Test func aCutReplyIsContinuedFromItsLastToken() throws {
        let whole = try session { $0.precision = .fast }
        let tokens = whole.model.tokenizer.encode("She had been")
        let expected = try whole.generate(tokens, options: greedy(10)) { _ in true }.text
        let parts = try session { $0.precision = .fast }
        var text = try parts.generate(tokens, options: greedy(4)) { _ in true }.text
        text += try parts.generate([], options: greedy(6)) { _ in true }.text
        #expect(text == expected)
    }

    @Test func promptsThatDoNotFitAreRefusedWithBothCounts() throws {
        let session = try session { $0.context = 10 }
        let tokens = [Int32](repeating: 5, count: 11)
        #expect(throws: EngineError.promptTooLong(tokens: 11, context: 10)) {
            try session.generate(tokens) { _ in true }
        }
        #expect(session.history.isEmpty)
        let fits = try session.generate(Array(tokens.prefix(10)), options: greedy(nil)) { _ in true }
        #expect(fits.finishReason == .contextFull && fits.timings.generatedTokens == 1)
    }

    @Test func aFullContextEndsTheText() throws {
        let session = try session { $0.context = 20 }
        let result = try session.generate(session.model.tokenizer.encode("She had been"), options: greedy(nil)) { _ in
            true
        }
        #expect(result.finishReason == .contextFull && session.history.count == 20)
    }

    @Test func stopStringsEndTheTextUnseen() throws {
        let session = try session()
        var options = greedy(60)
        let prompt = session.model.tokenizer.encode("\"My dear Watson,\" said he,")
        let free = try session.generate(prompt, options: options) { _ in true }.text
        let stop = String(free.dropFirst(12).prefix(9))  // cuts through tokens
        options.stop = ["not in the text", stop]
        session.reset()
        let result = try session.generate(prompt, options: options) { _ in true }
        #expect(result.finishReason == .stop && !result.text.contains(stop))
        #expect(free.hasPrefix(result.text + stop))
    }

    @Test func cancellationKeepsWhatWasMade() throws {
        let session = try session()
        var count = 0
        let prompt = session.model.tokenizer.encode("She had been")
        let byEmit = try session.generate(prompt, options: greedy(50)) { _ in
            count += 1; return count < 3
        }
        #expect(byEmit.finishReason == .cancelled && byEmit.timings.generatedTokens < 10 && !byEmit.text.isEmpty)
        session.reset()
        session.isCancelled = { true }
        let inPrefill = try session.generate(prompt, options: greedy(50)) { _ in true }
        #expect(inPrefill.finishReason == .cancelled && inPrefill.text.isEmpty && inPrefill.timings.promptTokens == 0)
        session.isCancelled = { false }
        #expect(
            try session.generate([], options: greedy(5)) { _ in true }.text == (try fresh(5)))
    }

    private func fresh(_ count: Int) throws -> String {
        let session = try session()
        return try session.generate(session.model.tokenizer.encode("She had been"), options: greedy(count)) { _ in true
        }.text
    }

    @Test func badRequestsAreNamed() throws {
        let session = try session()
        #expect(throws: EngineError.emptyPrompt) { try session.generate([]) { _ in true } }
        #expect(throws: EngineError.tokenOutOfRange(id: 4096, vocabulary: 4096)) {
            try session.generate([4096]) { _ in true }
        }
        #expect(throws: EngineError.tokenOutOfRange(id: -1, vocabulary: 4096)) {
            try session.generate([-1]) { _ in true }
        }
        #expect(throws: EngineError.self) { try session.generate([5], options: greedy(-3)) { _ in true } }
        #expect(throws: EngineError.contextTooLong(requested: 2049, limit: 2048)) {
            try self.session { $0.context = 2049 }
        }
        #expect(throws: EngineError.self) { try self.session { $0.context = 0 } }
    }

    @Test func weightsThatAreNoNumbersEndWithAnError() throws {
        var random = RandomModel()
        random.format = { _ in .F32 }
        var bytes = random.encoded()
        // the last tensor in the file is the output norm: NaN there reaches every logit
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
        let session = try Session(try GemmaModel(try GGUFFile(bytes: FileBytes(copying: bytes))))
        #expect(throws: EngineError.notANumber(position: 2)) { try session.generate([5, 6]) { _ in true } }
    }

    @Test func ignoringTheEndKeepsItFromComing() throws {
        let session = try session { $0.context = 400 }
        var options = GenerationOptions(maxTokens: 390)
        options.ignoreEndOfText = true
        options.sampling.logitBias = [1: 100]  // <eos>, nearly certain
        options.sampling.seed = 3
        let prompt = session.model.tokenizer.encode("The")
        #expect(try session.generate(prompt, options: options) { _ in true }.finishReason == .length)
        session.reset()
        options.ignoreEndOfText = false
        #expect(try session.generate(prompt, options: options) { _ in true }.finishReason == .endOfText)
    }

    @Test func whatCannotFitIsRefusedWithTheNumbers() throws {
        var random = RandomModel()
        random.overrides["gemma.context_length"] = .uint32(16_777_216)
        random.kvHeads = 4
        random.layers = 60
        let model = try GemmaModel(try random.file())
        #expect {
            try Session(model)
        } throws: {
            "\($0)".contains("context of 16777216 tokens needs 983")
        }
        var settings = EngineSettings()
        settings.context = 64
        #expect(throws: Never.self) { try Session(model, settings: settings) }
    }
}
