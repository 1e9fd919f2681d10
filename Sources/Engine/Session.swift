internal import Compute
internal import Planner
public import Gemma
public import Tokenizer

/// One sequence of text on one model: prefill and generation, on the caller's thread.
///
/// What was computed stays in the cache: a later prompt that continues the sequence costs only its new tokens.
public final class Session {
    public let model: GemmaModel
    public let gemma: Gemma
    /// Tokens of the sequence so far, prompts and replies.
    public private(set) var history: [TokenID] = []
    /// Positions there is room for.
    public var context: Int { cache.capacity }
    /// Asked before each layer; true ends prefill or generation, keeping what was made.
    public var isCancelled: () -> Bool = { false }

    /// Tokens of the sequence that are not in the cache yet: the last one shown, or what a cancelled prefill left over.
    private var unfinished: [TokenID] = []
    private let cache: KVCache
    private let settings: EngineSettings

    /// Throws: `EngineError.contextTooLong`, `.memory` or `.compute`, with the numbers, before any memory is taken.
    public init(_ model: GemmaModel, settings: EngineSettings = EngineSettings()) throws(EngineError) {
        try settings.validate()
        let limit = model.config.contextLength
        let context = settings.context ?? limit
        guard context <= limit else { throw .contextTooLong(requested: context, limit: limit) }
        let need = MemoryNeed(model, context: context, settings: settings)
        guard need.bytes <= MemoryNeed.available else {
            throw .memory(needed: need.bytes, available: MemoryNeed.available, context: context)
        }
        self.model = model
        self.settings = settings
        let executor = Executor(threads: max(settings.threads, settings.prefillThreads), kernels: settings.kernels)
        let plan = settings.plan(for: model.weights.planned)
        if plan.usesBLAS(upTo: settings.ubatch) {
            do { try BLASLibrary.requireMemory(threads: executor.team.size) } catch { throw .compute(error) }
        }
        gemma = Gemma(model, plan: plan, executor: executor, ubatch: min(settings.ubatch, context))
        cache = gemma.makeCache(
            capacity: context, keys: settings.cacheElement, values: settings.valueElement ?? settings.cacheElement)
    }

    /// Generates text after the sequence so far and `prompt`.
    ///
    /// - Parameters:
    ///   - progress: prompt tokens done and in all, before each layer; a layer counts as its share of the ubatch.
    ///   - emit: the next piece of text; false ends the generation.
    /// Throws: `EngineError`: before any work when the prompt does not fit or an option makes no sense; later only
    /// `.notANumber`, when the model's weights give no logits to choose from.
    public func generate(
        _ prompt: [TokenID], options: GenerationOptions = GenerationOptions(),
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, emit: (String) -> Bool
    ) throws(EngineError) -> GenerationResult {
        try check(prompt, options)
        var builder = CompletionBuilder(options, tokenizer: model.tokenizer)
        var timings = GenerationTimings()
        let clock = ContinuousClock()
        let start = clock.now
        func seconds(since instant: ContinuousClock.Instant) -> Double { (clock.now - instant) / .seconds(1) }
        func result(_ reason: FinishReason) -> GenerationResult {
            GenerationResult(
                text: builder.completion.text, finishReason: reason, timings: timings, seed: builder.completion.seed)
        }

        let prompt = unfinished + prompt
        timings.cachedTokens = history.count
        let isPrefilled = prefill(prompt, progress: progress)
        timings.promptTokens = history.count - timings.cachedTokens
        timings.prefillSeconds = seconds(since: start)
        guard isPrefilled, options.maxTokens != 0 else { return result(isPrefilled ? .length : .cancelled) }

        var row = (prompt.count - 1) % gemma.ubatch
        var firstToken: ContinuousClock.Instant?
        while true {
            let step = try gemma.logits(rows: row..<row + 1).withRow(0) { (logits) throws(EngineError) in
                try builder.next(logits, history: history, hasRoom: history.count < context)
            }
            row = 0
            if firstToken == nil {
                firstToken = clock.now
                timings.firstTokenSeconds = seconds(since: start)
            }
            timings.generatedTokens += 1
            let isWanted = step.text.isEmpty || emit(step.text)
            var end = step.end
            if end == nil, !isWanted || isCancelled() || !self.step([step.token]) {
                let rest = builder.end(.cancelled)
                if !rest.isEmpty { _ = emit(rest) }
                end = .cancelled
            }
            guard let end else { continue }
            // the end of a turn is part of a conversation; the end of a text is not part of what may follow
            if end != .endOfText || step.token == model.tokenizer.endOfTurn { unfinished = [step.token] }
            if let firstToken { timings.decodeSeconds = seconds(since: firstToken) }
            return result(end)
        }
    }

    /// Whether the sequence ends with the end of a turn.
    public var endsTurn: Bool {
        guard let last = unfinished.last ?? history.last else { return false }
        return last == model.tokenizer.endOfTurn
    }

    /// Forgets the sequence.
    public func reset() {
        cache.truncate(to: 0)
        history = []
        unfinished = []
    }

    /// Runs tokens as the next positions, a ubatch at a time; false when cancelled, with whole ubatches kept.
    private func prefill(_ tokens: [TokenID], progress: (Int, Int) -> Void) -> Bool {
        gemma.executor.threads = settings.prefillThreads
        defer { gemma.executor.threads = settings.threads }
        unfinished = []
        progress(0, tokens.count)
        for start in stride(from: 0, to: tokens.count, by: gemma.ubatch) {
            let end = min(start + gemma.ubatch, tokens.count)
            let layers = model.config.layers
            let isDone = step(Array(tokens[start..<end])) {
                progress(start + (end - start) * $0 / layers, tokens.count)
            }
            guard isDone else {
                unfinished = Array(tokens[start...])
                return false
            }
            progress(end, tokens.count)
        }
        return true
    }

    /// Runs one ubatch; false when cancelled. `progress` gets the layers that are done.
    private func step(_ tokens: [TokenID], progress: (_ layers: Int) -> Void = { _ in }) -> Bool {
        withoutActuallyEscaping(progress) { progress in
            gemma.goesOn = { [isCancelled] layer in
                progress(layer)
                return !isCancelled()
            }
            defer { gemma.goesOn = nil }
            do { try gemma.forward(tokens, cache: cache) } catch { return false }
            history += tokens
            return true
        }
    }

    private func check(_ prompt: [TokenID], _ options: GenerationOptions) throws(EngineError) {
        let vocabulary = model.tokenizer.vocabulary.count
        try options.validate(vocabularyCount: vocabulary)
        guard !(unfinished + prompt).isEmpty else { throw .emptyPrompt }
        for token in prompt where token < 0 || Int(token) >= vocabulary {
            throw .tokenOutOfRange(id: Int(token), vocabulary: vocabulary)
        }
        let total = history.count + unfinished.count + prompt.count
        guard total <= context else { throw .promptTooLong(tokens: total, context: context) }
    }
}
