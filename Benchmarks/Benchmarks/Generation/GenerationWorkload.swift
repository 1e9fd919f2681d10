import Benchmark
import Compute
import Engine
import Gemma
import Tokenizer

/// A session with a prompt in its cache, and the next call ready to run.
final class GenerationWorkload {
    private let gemma: Gemma
    private let cache: KVCache
    private let prompt: Int
    private let tokens: [Int32]

    init(threads: Int, prompt: Int, step: Int) throws {
        var settings = EngineSettings()
        settings.threads = threads
        settings.prefillThreads = threads
        gemma = try Session(GemmaModel(EmbeddedModel.open()), settings: settings).gemma
        cache = gemma.makeCache(capacity: 1024)
        self.prompt = prompt
        let vocabulary = Int32(gemma.model.tokenizer.vocabulary.count)
        tokens = (0..<Int32(step)).map { $0 * 7 % (vocabulary - 300) + 300 }
        if prompt > 0 { try gemma.forward((0..<Int32(prompt)).map { $0 + 300 }, cache: cache) }
    }

    /// Forgets what the last run added.
    func rewind() { cache.truncate(to: prompt) }

    /// One forward call and the logits of its last position.
    func run() throws {
        try gemma.forward(tokens, cache: cache)
        blackHole(gemma.logits(rows: tokens.count - 1..<tokens.count))
    }
}
