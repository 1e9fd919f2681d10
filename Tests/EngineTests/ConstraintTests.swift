import Engine
import Gemma
import Grammar
import JSON
import Planner
import TestSupport
import Testing
import Tokenizer

/// Answers held to a format, by the model that Carat carries.
@Suite(.serialized) struct ConstraintTests {
    static let schemas = [
        """
        {"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,
        "maximum":130},"tags":{"type":"array","items":{"enum":["red","green","dark green"]},"minItems":1,"maxItems":3}},
        "required":["name","tags"],"additionalProperties":false}
        """,
        """
        {"type":"array","minItems":2,"maxItems":3,"items":{"type":"array","maxItems":2,"items":{"type":"boolean"}}}
        """,
        """
        {"type":"object","properties":{"p":{"type":"number","minimum":0,"maximum":1},"q":{"type":"number",
        "exclusiveMinimum":-2.5},"n":{"type":"null"}},"required":["p","q","n"]}
        """,
        """
        {"type":"object","properties":{"kind":{"const":"sea"},"v":{"anyOf":[{"type":"integer"},{"type":"string",
        "minLength":2,"maxLength":6},{"type":"null"}]}},"required":["kind","v"]}
        """,
        """
        {"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"v":{"type":"boolean"},"next":{"anyOf":[
        {"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}}}
        """,
        "{\"enum\":[\"yes\",\"no\",\"I do not know\",1,12,null]}",
        "{\"type\":\"integer\",\"minimum\":-20,\"maximum\":1999}",
        "{\"type\":\"object\",\"properties\":{\"day\":{\"type\":\"string\",\"format\":\"date\"}},\"required\":[\"day\"]}",
        "{\"type\":\"object\"}",
    ]

    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8), limit: 1 << 20) }

    private func options(_ maxTokens: Int?, seed: UInt64?, _ constraint: Constraint?) -> GenerationOptions {
        var options = EngineTests.options(maxTokens, seed: seed)
        // the model's own distribution, without filters
        if seed != nil { options.sampling.temperature = 1 }
        (options.sampling.topK, options.sampling.topP, options.sampling.minP) = (0, 1, 0)
        options.constraint = constraint
        return options
    }

    /// The text with the shortest end that comes to mind; nil where it is not the beginning of a good one.
    private func closed(_ bytes: [UInt8], _ grammar: JSONGrammar) -> [UInt8]? {
        guard var position = grammar.position(after: grammar.beginning, bytes) else { return nil }
        var text = bytes
        let closing = Array("\"]}".utf8)
        let order = closing + (0x21...0xFF).filter { !closing.contains($0) } + [0x20, 0x0A]
        while !position.isAccepting {
            var next: (UInt8, GrammarPosition)?
            for byte in order where next == nil {
                next = grammar.position(after: position, [byte]).map { (byte, $0) }
            }
            guard let (byte, after) = next, text.count < 10_000 else { return nil }
            text.append(byte)
            position = after
        }
        return text
    }

    @Test(arguments: schemas.indices)
    func answersSatisfyTheirSchema(_ index: Int) async throws {
        let engine = try EngineTests.engine()
        let tokenizer = engine.model.tokenizer
        let schema = try json(Self.schemas[index])
        let (validator, grammar) = (SchemaValidator(schema), try JSONGrammar(schema: schema))
        let constraint = try engine.constraint(.jsonSchema(schema))
        var ended = 0
        for seed in [nil, 1, 2, 3, 4, 5] as [UInt64?] {
            for maxTokens in [7, 150] {
                let request = EngineRequest(
                    prompt: tokenizer.encode("She said: "), options: options(maxTokens, seed: seed, constraint))
                let completion = try await engine.run(request).completions[0]
                let ending = tokenizer.endOfGeneration
                let text = try tokenizer.decode(completion.tokens.filter { !ending.contains($0) })
                switch completion.finishReason {
                case .stop, .endOfText:
                    ended += 1
                    #expect(Array(completion.text.utf8) == text)
                    #expect(grammar.position(after: grammar.beginning, text)?.isAccepting == true)
                    // a free object may have a name twice, which this reader refuses
                    if index == Self.schemas.count - 1, (try? json(completion.text)) == nil { continue }
                    #expect(validator.accepts(try json(completion.text)), "\(completion.text)")
                case .length:
                    #expect(completion.tokens.count == maxTokens)
                    let whole = try #require(closed(text, grammar), "\(completion.text)")
                    if index == Self.schemas.count - 1 { continue }
                    #expect(validator.accepts(try json(String(decoding: whole, as: UTF8.self))), "\(completion.text)")
                default: Issue.record("ended by \(completion.finishReason)")
                }
            }
        }
        #expect(ended > 0)
    }

    @Test func neighboursAreNotDisturbed() async throws {
        let engine = try EngineTests.engine { $0.sequences = 8 }
        let tokenizer = engine.model.tokenizer
        let constraint = try engine.constraint(.jsonSchema(json(Self.schemas[0])))
        var requests: [EngineRequest] = []
        for seed in 0..<4 as Range<UInt64> {
            for held in [nil, constraint] {
                var options = options(40, seed: seed, held)
                options.logprobs = 2
                requests.append(EngineRequest(prompt: tokenizer.encode("She had been"), options: options))
            }
        }
        var alone: [[Completion]] = []
        for request in requests { alone.append(try await engine.run(request).completions) }
        let together = try await withThrowingTaskGroup(of: (Int, [Completion]).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await engine.run(request).completions) }
            }
            return try await group.reduce(into: [Int: [Completion]]()) { $0[$1.0] = $1.1 }
        }
        for (index, completions) in alone.enumerated() { #expect(together[index] == completions) }
    }

    @Test func severalChoicesAreHeldEach() async throws {
        let engine = try EngineTests.engine()
        let prompt = engine.model.tokenizer.encode("She had been")
        let schema = try json(Self.schemas[3])
        let constraint = try engine.constraint(.jsonSchema(schema))
        let three = try await engine.run(
            EngineRequest(prompt: prompt, options: options(120, seed: 7, constraint), count: 3))
        for (index, completion) in three.completions.enumerated() {
            let one = try await engine.run(
                EngineRequest(prompt: prompt, options: options(120, seed: 7 + UInt64(index), constraint)))
            #expect(one.completions[0] == completion)
            #expect(completion.finishReason == .stop)
            #expect(SchemaValidator(schema).accepts(try json(completion.text)))
        }
        #expect(Set(three.completions.map(\.text)).count > 1)
    }

    @Test func jsonModeGivesAnObject() async throws {
        let engine = try EngineTests.engine()
        let constraint = try engine.constraint(.jsonObject)
        let prompt = engine.model.tokenizer.encode("It was")
        for seed in 0..<6 as Range<UInt64> {
            let completion = try await engine.run(
                EngineRequest(prompt: prompt, options: options(60, seed: seed, constraint))
            ).completions[0]
            #expect(completion.text.hasPrefix("{"))
            if completion.finishReason == .stop { #expect(completion.text.hasSuffix("}")) }
        }
    }

    @Test func theEndComesNeitherSoonerNorLater() async throws {
        let engine = try EngineTests.engine()
        let tokenizer = engine.model.tokenizer
        let prompt = tokenizer.encode("It was")
        let eos = try #require(tokenizer.eos)
        let constraint = try engine.constraint(
            .jsonSchema(["type": "array", "minItems": 2, "items": ["type": "integer"]]))
        // the model wants to end at once, and something else than JSON
        var eager = options(100, seed: 1, constraint)
        eager.sampling.logitBias = [eos: 1e6]
        for token in tokenizer.encode("She said", addBOS: false) { eager.sampling.logitBias[token] = 1e5 }
        let text = try await engine.run(EngineRequest(prompt: prompt, options: eager)).completions[0].text
        #expect(try json(text)[1]?.wholeNumber != nil, "\(text)")
        // a number may end or go on: there an end of text counts
        var number = options(100, seed: 1, try engine.constraint(.jsonSchema(["type": "integer", "minimum": 10])))
        number.sampling.logitBias = [eos: 1e6]
        let short = try await engine.run(EngineRequest(prompt: prompt, options: number)).completions[0]
        #expect(short.finishReason == .endOfText && (10..<1000).contains(Int(short.text) ?? 0), "\(short.text)")
        // nor is it needed
        number.ignoreEndOfText = true
        let long = try await engine.run(EngineRequest(prompt: prompt, options: number)).completions[0]
        #expect(long.finishReason == .stop && long.text.count == 18, "\(long.text)")
    }

    @Test func whereAllAllowedTokensAreBannedTheRequestFails() async throws {
        let engine = try EngineTests.engine()
        let tokenizer = engine.model.tokenizer
        let prompt = tokenizer.encode("It was")
        var banned = options(20, seed: nil, try engine.constraint(.jsonObject))
        for token in 0..<TokenID(tokenizer.vocabulary.count) where tokenizer.piece(token).first == UInt8(ascii: "{") {
            banned.sampling.logitBias[token] = -.infinity
        }
        let request = EngineRequest(prompt: prompt, options: banned)
        await #expect(throws: EngineError.noTokenLeft(position: prompt.count)) { try await engine.run(request) }
        banned.sampling.temperature = 1
        await #expect(throws: EngineError.noTokenLeft(position: prompt.count)) {
            try await engine.run(EngineRequest(prompt: prompt, options: banned))
        }
        #expect(
            try await engine.run(EngineRequest(prompt: prompt, options: options(3, seed: 1, nil))).completions.count
                == 1)
    }

    @Test func stopStringsEndItToo() async throws {
        let engine = try EngineTests.engine()
        let prompt = engine.model.tokenizer.encode("It was")
        var held = options(50, seed: 1, try engine.constraint(.jsonSchema(["const": "one two three"])))
        held.stop = ["wo th"]
        let completion = try await engine.run(EngineRequest(prompt: prompt, options: held)).completions[0]
        #expect(completion.text == "\"one t" && completion.finishReason == .stop)
        held.stop = ["four", "three\"!"]
        let whole = try await engine.run(EngineRequest(prompt: prompt, options: held)).completions[0]
        #expect(whole.text == "\"one two three\"" && whole.finishReason == .stop)
    }

    @Test func logprobsAreTheModelsOwn() async throws {
        let engine = try EngineTests.engine()
        let prompt = engine.model.tokenizer.encode("She had been")
        var held = options(12, seed: nil, try engine.constraint(.jsonObject))
        held.logprobs = 2
        let generated = try await engine.run(EngineRequest(prompt: prompt, options: held)).completions[0]
        var score = options(0, seed: nil, nil)
        score.promptLogprobs = 2
        let scored = try await engine.run(EngineRequest(prompt: prompt + generated.tokens, options: score))
        #expect(scored.promptLogprobs.suffix(generated.tokens.count).map { $0 } == generated.logprobs)
        #expect(generated.logprobs.contains { $0.top[0].token != $0.token })
    }

    @Test func cancellingEndsIt() async throws {
        let engine = try EngineTests.engine()
        let prompt = engine.model.tokenizer.encode("It was")
        let schema: JSONValue = ["type": "array", "minItems": 10_000, "items": ["type": "string", "minLength": 5]]
        let held = options(nil, seed: 1, try engine.constraint(.jsonSchema(schema)))
        for try await event in engine.stream(EngineRequest(prompt: prompt, options: held, count: 2)) {
            if case .text = event { break }
        }
        while engine.statistics.cancelled == 0 { await Task.yield() }
        #expect(engine.statistics.running == 0)
    }

    @Test func aSessionIsHeldToo() throws {
        let engine = try EngineTests.engine()
        var settings = EngineSettings()
        settings.precision = .fast
        let session = try Session(engine.model, settings: settings)
        let held = options(40, seed: 2, try engine.constraint(.jsonSchema(["enum": ["yes", "no"]])))
        let prompt = engine.model.tokenizer.encode("Is it?")
        let result = try session.generate(prompt, options: held) { _ in true }
        #expect(["\"yes\"", "\"no\""].contains(result.text) && result.finishReason == .stop)
    }

    @Test func constraintsAreKeptAndRefusedByName() throws {
        let engine = try EngineTests.engine()
        let one = try engine.constraint(.jsonSchema(json(Self.schemas[0])))
        #expect(try engine.constraint(.jsonSchema(json(Self.schemas[0]))) == one)
        #expect(try engine.constraint(.jsonObject) != one)
        for number in 0..<20 { _ = try engine.constraint(.jsonSchema(["const": .integer(number)])) }
        #expect(try engine.constraint(.jsonSchema(json(Self.schemas[0]))) == one)
        #expect(try EngineTests.engine().constraint(.jsonSchema(json(Self.schemas[0]))) != one)
        let schema: JSONValue = ["properties": ["a/b": ["type": "string", "pattern": "^x"]]]
        do throws(GrammarError) {
            _ = try engine.constraint(.jsonSchema(schema))
            Issue.record("not refused")
        } catch {
            #expect(error.path == "/properties/a~1b/pattern")
            #expect(error.description.contains("`/properties/a~1b/pattern` in the schema is not supported."))
        }
    }
}
