internal import Compute
internal import GGUF
internal import Gemma
internal import KVStore
internal import Planner
internal import Tokenizer

/// The engine's thread: takes requests in, and runs steps as long as there are any.
///
/// A step is one ubatch: a token of each running completion, and chunks of prefills in what room is left.
final class EngineWorker {
    let model: GemmaModel
    let gemma: Gemma
    let settings: EngineSettings
    let pool: KVPool
    let tree = PrefixTree()
    let limits: EngineLimits
    private let store: KVStore?
    private let report: (EngineStatistics) -> Void
    var statistics = EngineStatistics()
    /// Told to their submitters at the end of the step, when the statistics count them.
    private var ended: [(EngineJob, Result<EngineResult, EngineError>)] = []
    private(set) var waiting: [EngineJob] = []
    var running: [RunningRequest] = []
    /// Whether prefill uses sgemm, which may add up in another order for another number of rows. Prompts are then cut at
    /// multiples of the ubatch and computed alone, so that a result still does not depend on who else is there.
    let cutsAlone: Bool
    /// Positions that are worth waiting for, or a copy of their block.
    private static let worthSharing = 64
    /// Whether decode and prefill take the same paths, so that they can share forward calls.
    let mixes: Bool

    /// - Parameter report: gets the statistics at the end of each step.
    init(
        _ model: GemmaModel, settings: EngineSettings, limits: EngineLimits,
        store: KVStore?, report: @escaping (EngineStatistics) -> Void
    ) {
        self.store = store
        self.report = report
        self.model = model
        self.settings = settings
        self.limits = limits
        let executor = Executor(threads: max(settings.threads, settings.prefillThreads), kernels: settings.kernels)
        let plan = settings.plan(for: model.weights.planned)
        gemma = Gemma(model, plan: plan, executor: executor, ubatch: min(settings.ubatch, limits.context))
        pool = gemma.makePool(keys: settings.cacheElement, values: settings.valueElement ?? settings.cacheElement)
        cutsAlone = plan.usesBLAS(at: gemma.ubatch)
        mixes = !cutsAlone && plan.hasSamePaths(1, gemma.ubatch)
        statistics.blockLimit = limits.blocks
    }

    var isIdle: Bool { waiting.isEmpty && running.isEmpty }

    func take(_ jobs: [EngineJob]) {
        for job in jobs {
            // behind all that are as urgent
            let after = waiting.lastIndex { $0.request.priority <= job.request.priority }
            waiting.insert(job, at: after.map { $0 + 1 } ?? 0)
        }
    }

    /// One step, after letting go of what was cancelled and beginning what can begin.
    func step() {
        let start = ContinuousClock.now
        dropCancelled()
        admit()
        let parts = compose()
        if !parts.isEmpty {
            if mixes || Set(parts.map(\.isDecode)).count == 1 {
                runAll(parts)
            } else {
                runAll(parts.filter(\.isDecode))
                runAll(parts.filter { !$0.isDecode })
            }
        }
        trimCache()
        statistics.steps += 1
        statistics.stepSeconds += (ContinuousClock.now - start) / .seconds(1)
        statistics.running = running.count
        statistics.waiting = waiting.count
        statistics.usedBlocks = pool.used
        statistics.unusedBlocks = tree.unused
        if isIdle { pool.trim() }
        report(statistics)
        for (job, result) in ended { job.end(result) }
        ended = []
    }

    /// Ends everything: nobody is left without an answer.
    func close(_ jobs: [EngineJob]) {
        for job in waiting + jobs { job.end(.failure(.closed)) }
        waiting = []
        for request in running { end(request, .failure(.closed)) }
        for (job, result) in ended { job.end(result) }
        ended = []
    }

    // MARK: Beginning and ending

    private func dropCancelled() {
        for job in waiting where job.isCancelled {
            statistics.cancelled += 1
            ended.append((job, .failure(.cancelled)))
        }
        waiting.removeAll(where: \.isCancelled)
        for request in running where request.job.isCancelled { end(request, .failure(.cancelled)) }
    }

    /// Begins waiting requests in their order, as many as there is room for.
    private func admit() {
        var sequences = running.reduce(0) { $0 + $1.request.sequences }
        var blocks = running.reduce(0) { $0 + $1.reservedBlocks }
        var index = 0
        while index < waiting.count {
            let job = waiting[index]
            let need = limits.blocks(for: job.request)
            guard sequences + job.request.sequences <= limits.sequences, blocks + need <= limits.blocks else { break }
            guard !isSoonCached(job.request) else {
                index += 1
                continue
            }
            waiting.remove(at: index)
            guard !model.file.bytes.hasChangedOnDisk() else {
                statistics.failed += 1
                ended.append((job, .failure(.modelFileChanged(path: model.file.bytes.path))))
                continue
            }
            begin(job, need)
            sequences += job.request.sequences
            blocks += need
        }
    }

    /// Whether a running prefill is about to compute what this prompt begins with: it waits for that.
    private func isSoonCached(_ request: EngineRequest) -> Bool {
        let wanted = request.prompt.prefix(request.skippable)
        guard wanted.count >= Self.worthSharing else { return false }
        return running.contains { other in
            guard other.isPrefilling, other.request.usesCache else { return false }
            let common = zip(other.prompt, wanted).prefix { $0 == $1 }.count
            let published = other.done / KVBlock.positions * KVBlock.positions
            return common >= published + Self.worthSharing
        }
    }

    private func begin(_ job: EngineJob, _ blocks: Int) {
        let cache = KVCache(pool, capacity: limits.context)
        let request = RunningRequest(job, cache: cache, reservedBlocks: blocks)
        request.result.timings.queueSeconds = (request.began - job.arrival) / .seconds(1)
        let limit = request.request.skippable
        if limit > 0 {
            var match = tree.match(request.prompt, limit: limit)
            if restore(request.prompt, after: match, limit: limit) { match = tree.match(request.prompt, limit: limit) }
            if cutsAlone { match = match.prefix(match.positions / gemma.ubatch * gemma.ubatch) }
            for node in match.nodes {
                cache.append(node.block)
                tree.retain(node)
            }
            request.path = match.nodes
            if let tail = match.tail {
                cache.append(tail.node.block, positions: tail.positions)
            }
            request.done = match.positions
        }
        request.result.usage.promptTokens = request.prompt.count
        request.result.usage.cachedTokens = request.done
        statistics.cachedTokens += request.done
        running.append(request)
        job.emit(.prefilled(done: request.done, total: request.prompt.count))
    }

    /// Takes what goes on after `match` from disk into the tree; false where there is nothing.
    private func restore(_ tokens: [TokenID], after match: PrefixTree.Match, limit: Int) -> Bool {
        guard let store else { return false }
        var nodes = match.nodes
        while limit - nodes.count * KVBlock.positions >= KVBlock.positions {
            let start = nodes.count * KVBlock.positions
            let some = Array(tokens[start..<start + KVBlock.positions])
            let parent = nodes.last?.key
            let key = store.key(of: some, after: parent)
            guard let block = store.load(key, tokens: some, after: parent, into: pool) else { break }
            let node = tree.insert(some, block, after: nodes.last ?? tree.root)
            node.key = key
            nodes.append(node)
        }
        store.touch(nodes.compactMap(\.key))
        return nodes.count > match.nodes.count
    }

    /// Ends a request and lets go of what it holds; its text stays in the prefix tree.
    func end(_ request: RunningRequest, _ outcome: Result<EngineResult, EngineError>) {
        switch outcome {
        case .success: statistics.finished += 1
        case .failure(.cancelled): statistics.cancelled += 1
        case .failure: statistics.failed += 1
        }
        if request.completions.isEmpty {
            keep(request.cache, tokens: request.prompt, path: request.path, request.request)
        }
        for completion in request.completions where !completion.isDone {
            keep(completion.cache, tokens: completion.tokens, path: completion.path, request.request)
        }
        running.removeAll { $0 === request }
        ended.append((request.job, outcome))
    }

    /// Puts the end of a sequence into the tree and releases its path.
    func keep(_ cache: KVCache, tokens: [TokenID], path: [PrefixTree.Node], _ request: EngineRequest) {
        var path = path
        publish(cache, tokens: tokens, path: &path, request)
        let start = path.count * KVBlock.positions
        let end = shareable(cache, request)
        if start < end {
            _ = tree.insert(Array(tokens[start..<end]), cache.blocks[path.count], after: path.last ?? tree.root)
        }
        for node in path { tree.release(node) }
    }

    /// Shows others the end of a prompt too, which fills no block; its own sequence goes on in a copy.
    func publishTail(_ request: RunningRequest) {
        let start = request.path.count * KVBlock.positions
        guard request.request.usesCache, request.cache.count - start >= Self.worthSharing else { return }
        _ = tree.insert(
            Array(request.prompt[start..<request.cache.count]), request.cache.blocks[request.path.count],
            after: request.path.last ?? tree.root)
    }

    /// Puts a sequence's full blocks into the tree, where others find them.
    func publish(_ cache: KVCache, tokens: [TokenID], path: inout [PrefixTree.Node], _ request: EngineRequest) {
        let end = shareable(cache, request)
        while (path.count + 1) * KVBlock.positions <= end {
            let start = path.count * KVBlock.positions
            let some = Array(tokens[start..<start + KVBlock.positions])
            let node = tree.insert(some, cache.blocks[path.count], after: path.last ?? tree.root)
            if node.key == nil, let store {
                let parent = path.last?.key
                let key = store.key(of: some, after: parent)
                node.key = key
                store.save(node.block, key, tokens: some, after: parent)
            }
            tree.retain(node)
            path.append(node)
        }
    }

    /// Positions that others may go on from: where decode and prefill compute differently, only those of the prompt, so
    /// that results don't depend on who was there before.
    private func shareable(_ cache: KVCache, _ request: EngineRequest) -> Int {
        guard request.usesCache else { return 0 }
        return mixes ? cache.count : min(cache.count, request.prompt.count)
    }

    /// Forgets what nobody holds where it is more than there is room for.
    private func trimCache() {
        let reserved = running.reduce(0) { $0 + $1.reservedBlocks }
        let most = min(limits.keptBlocks, max(0, limits.blocks - reserved))
        while tree.unused > most, tree.evict() {}
    }
}
