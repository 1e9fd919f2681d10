import Compute
import Engine
import Foundation
import Gemma
import Testing
import Tokenizer

@Suite(.serialized) struct EngineStoreTests {
    /// A new engine on the same folder finds what an earlier one computed, and gives the same result.
    @Test func aPrefixOutlivesItsEngine() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "engine-store-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func run(_ precisionSeed: UInt64 = 1, _ change: (inout EngineSettings) -> Void = { _ in }) async throws
            -> EngineResult
        {
            let engine = try EngineTests.engine {
                $0.cacheDirectory = folder
                change(&$0)
            }
            let text = String(repeating: EngineTests.text, count: 16)
            let prompt = Array(engine.model.tokenizer.encode(text).prefix(900))
            var options = EngineTests.options(10, seed: precisionSeed)
            options.logprobs = 1
            let result = try await engine.run(EngineRequest(prompt: prompt, options: options))
            engine.flushCache()
            return result
        }
        let first = try await run()
        let second = try await run()
        #expect(first.usage.cachedTokens == 0 && second.usage.cachedTokens == 768)
        #expect(first.completions == second.completions)
        // another type of cache element is another text
        #expect(try await run(1) { $0.cacheElement = .f32 }.usage.cachedTokens == 0)
        #expect(try await run(1) { $0.threads = 1 }.completions == first.completions)
        // damage one block: computed again from there
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".kv") }
        for file in files { try Data([1, 2, 3]).write(to: URL(filePath: folder + "/" + file)) }
        let third = try await run()
        #expect(third.usage.cachedTokens == 0 && third.completions == first.completions)
    }
}
