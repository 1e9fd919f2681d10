import Bench
import Compute
import Testing

@Suite struct BenchTestTests {
    @Test func theDefaultsAreLlamaBenchs() throws {
        let tests = try TestMatrix().tests(models: 1)
        #expect(tests.map(\.name) == ["pp512", "tg128"])
        #expect(tests.allSatisfy { $0.batch == 2048 && $0.ubatch == 512 && $0.depth == 0 })
        #expect(tests.allSatisfy { $0.keyElement == .f16 && $0.valueElement == .f16 })
    }

    @Test func everyCombinationIsATestInLlamaBenchsOrder() throws {
        var matrix = TestMatrix()
        matrix.prompts = [64, 32]
        matrix.generated = [8]
        matrix.pairs = [(16, 4)]
        matrix.depths = [0, 100]
        matrix.threads = [1, 2]
        let tests = try matrix.tests(models: 2)
        let names = ["pp64", "pp32", "tg8", "pp16+tg4"]
        #expect(tests.count == 2 * 2 * 2 * 4)
        #expect(tests.prefix(8).map(\.name) == names + names.map { $0 + " @ d100" })
        #expect(tests.map(\.model) == Array(repeating: 0, count: 16) + Array(repeating: 1, count: 16))
        #expect(tests[0].threads == 1 && tests[8].threads == 2 && tests[8].prefillThreads == 2)
    }

    @Test func valuesAreStoredAsKeysUnlessToldOtherwise() throws {
        var matrix = TestMatrix()
        (matrix.generated, matrix.keyElements) = ([0], [.f16, .q8_0])
        #expect(try matrix.tests(models: 1).map(\.valueElement) == [.f16, .q8_0])
        matrix.valueElements = [.f32, .f16]
        let tests = try matrix.tests(models: 1)
        #expect(tests.map(\.keyElement) == [.f16, .f16, .q8_0, .q8_0])
        #expect(tests.map(\.valueElement) == [.f32, .f16, .f32, .f16])
    }

    @Test func severalSequencesOnlyGenerate() throws {
        var matrix = TestMatrix()
        matrix.sequences = [1, 4]
        let tests = try matrix.tests(models: 1)
        #expect(tests.map(\.name) == ["pp512", "tg128", "tg128 x4"])
        #expect(tests.map(\.tokens) == [512, 128, 512])
    }

    @Test func nothingToDoIsAnError() {
        var matrix = TestMatrix()
        (matrix.prompts, matrix.generated) = ([0], [0])
        #expect(throws: BenchError.noTests) { try matrix.tests(models: 1) }
    }

    @Test func aTestThatDoesNotFitIsRefusedBeforeAnyWork() throws {
        let model = try BenchModel(path: nil)
        var tooLong = BenchTest(prompt: 1000, generated: 49)
        tooLong.depth = 1000
        let error = #expect(throws: BenchError.self) {
            try BenchRun(models: [model], tests: [BenchTest(prompt: 8, generated: 0), tooLong])
        }
        #expect(
            error
                == BenchError.contextTooShort(
                    test: "pp1000+tg49 @ d1000", model: "carat-tiny", needed: 2049, context: 2048))
    }
}
