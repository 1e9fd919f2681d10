internal import Compute
internal import Tokenizer

/// A request that an engine has begun: its prefill, then its completions.
///
/// Belongs to the engine's thread.
final class RunningRequest {
    let job: EngineJob
    var request: EngineRequest { job.request }
    /// Positions of the prompt, up to the last that was computed.
    let cache: KVCache
    /// Prompt positions that are computed.
    var done: Int
    /// The prompt's nodes in the prefix tree.
    var path: [PrefixTree.Node] = []
    /// KV blocks set aside for it.
    let reservedBlocks: Int
    /// In the order of their numbers; empty until the prefill is done.
    var completions: [RunningCompletion] = []
    var result = EngineResult()
    var began: ContinuousClock.Instant
    var firstToken: ContinuousClock.Instant?
    /// Sum of the final states of all positions so far.
    var stateSums: [Double] = []

    init(_ job: EngineJob, cache: KVCache, reservedBlocks: Int) {
        self.job = job
        self.cache = cache
        self.reservedBlocks = reservedBlocks
        done = 0
        began = .now
    }

    var prompt: [TokenID] { request.prompt }
    var remaining: Int { prompt.count - done }
    var isPrefilling: Bool { remaining > 0 }

    var options: GenerationOptions? {
        if case .generate(let options, _) = request.task { options } else { nil }
    }

    var embedding: EmbeddingOptions? {
        if case .embed(let options) = request.task { options } else { nil }
    }
}

/// One of a request's completions.
final class RunningCompletion {
    let index: Int
    var builder: CompletionBuilder
    let cache: KVCache
    /// Prompt and generated tokens; the last one is not in the cache.
    var tokens: [TokenID]
    /// Its nodes in the prefix tree.
    var path: [PrefixTree.Node]
    var isDone = false

    init(index: Int, builder: CompletionBuilder, cache: KVCache, tokens: [TokenID], path: [PrefixTree.Node]) {
        self.index = index
        self.builder = builder
        self.cache = cache
        self.tokens = tokens
        self.path = path
    }
}
