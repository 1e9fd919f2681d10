internal import Compute
internal import Engine
internal import Gemma
internal import Planner
internal import Tokenizer

/// A model with an executor and a cache per sequence, run without tokenizing and sampling.
///
/// The one place where the bench touches the engine.
final class ModelRunner {
    private let session: Session
    private let gemma: Gemma
    private let caches: [KVCache]
    private let test: BenchTest
    private var random: RandomTokens

    /// - Parameters:
    ///   - test: its settings are those of the runner; what it leaves open is in `settings`.
    ///   - positions: that each sequence has room for.
    /// Throws: `EngineError` when the settings make no sense or the memory is not there.
    init(
        _ model: GemmaModel, _ test: BenchTest, settings: EngineSettings, positions: Int,
        isCancelled: @escaping () -> Bool
    ) throws {
        var settings = settings
        settings.threads = test.threads
        settings.prefillThreads = test.prefillThreads
        settings.ubatch = min(test.ubatch, test.batch)
        // the context bounds the ubatch, which a step of all sequences has to fit
        settings.context = min(max(positions, Self.together(test)), model.config.contextLength)
        settings.precision = test.precision
        settings.cacheElement = test.keyElement
        settings.valueElement = test.valueElement
        session = try Session(model, settings: settings)
        gemma = session.gemma
        self.test = test
        caches = (0..<test.sequences).map { [gemma] _ in
            gemma.makeCache(capacity: positions, keys: test.keyElement, values: test.valueElement)
        }
        random = RandomTokens(vocabularyCount: model.tokenizer.vocabulary.count)
        gemma.goesOn = { _ in !isCancelled() }
    }

    /// Brings every sequence to `depth` positions, keeping what it has.
    ///
    /// Throws: `CancellationError`.
    func fill(to depth: Int) throws {
        for cache in caches {
            if cache.count > depth { cache.truncate(to: depth) }
            if cache.count < depth { try prefill(depth - cache.count, cache) }
        }
    }

    /// Runs a prompt of `count` tokens after the first sequence; logits for the last token of each batch, as in
    /// llama-bench.
    func prefill(_ count: Int) throws { try prefill(count, caches[0]) }

    private func prefill(_ count: Int, _ cache: KVCache) throws {
        gemma.executor.threads = test.prefillThreads
        var done = 0
        while done < count {
            let batchEnd = min(done + test.batch, count)
            var last = 0
            while done < batchEnd {
                let n = min(gemma.ubatch, batchEnd - done)
                try gemma.forward(random.next(n), cache: cache)
                (done, last) = (done + n, n - 1)
            }
            _ = gemma.logits(rows: last..<last + 1)
        }
    }

    /// Sequences that one forward call takes a step for, which reads the weights once.
    static func together(_ test: BenchTest) -> Int { max(1, min(test.ubatch, test.batch, Gemma.logitRows)) }

    /// Generates `count` tokens in every sequence, a step of all at once, with logits for each.
    func generate(_ count: Int) throws {
        gemma.executor.threads = test.threads
        let together = Self.together(test)
        for _ in 0..<count {
            for first in stride(from: 0, to: caches.count, by: together) {
                let part = caches[first..<min(first + together, caches.count)]
                try gemma.forward(random.next(part.count), spans: part.map { KVCache.Span($0, count: 1) })
                _ = gemma.logits(rows: 0..<part.count)
            }
        }
    }
}
