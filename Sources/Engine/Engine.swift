public import Gemma
public import Grammar
internal import Compute
internal import Foundation
internal import GGUF
internal import KVStore
internal import Planner
internal import Tokenizer

/// Runs requests on one model, many at a time, on a thread of its own.
///
/// Every step is one ubatch: a token of each growing text, and chunks of waiting prompts in what room is left. Keys and
/// values of a beginning that requests share are computed once and kept for later ones. A request's result has the same
/// bits alone or among others, with or without the cache, on any number of threads.
///
/// May be used from any task; a forward pass never holds a thread of Swift's cooperative pool.
public final class Engine: Sendable {
    public let model: GemmaModel
    private let limits: EngineLimits
    private let inbox = Inbox()
    private let store: KVStore?
    package let constraints: ConstraintCache

    /// Throws: `EngineError` when the settings make no sense or the memory is too small, with the numbers.
    public init(_ model: GemmaModel, settings: EngineSettings = EngineSettings()) throws(EngineError) {
        try settings.validate()
        self.model = model
        let limits = try EngineLimits(model, settings: settings)
        self.limits = limits
        constraints = ConstraintCache(model.tokenizer)
        let plan = settings.plan(for: model.weights.planned)
        if plan.usesBLAS(upTo: settings.ubatch) {
            let threads = max(settings.threads, settings.prefillThreads)
            do { try BLASLibrary.requireMemory(threads: threads) } catch { throw .compute(error) }
        }
        let store = try settings.store(model, plan)
        self.store = store
        let inbox = self.inbox
        let thread = Thread {
            // made here, because it belongs to its thread
            let worker = EngineWorker(model, settings: settings, limits: limits, store: store) { inbox.statistics = $0 }
            while let jobs = inbox.next(waits: worker.isIdle) {
                worker.take(jobs)
                worker.step()
            }
            worker.close(inbox.drain())
        }
        thread.name = "carat engine"
        thread.stackSize = 8 << 20  // the thread computes too, whatever `ulimit -s` says
        thread.start()
    }

    deinit { inbox.close() }

    /// Positions that a prompt and its completion may have together.
    public var context: Int { limits.context }

    /// Counts up to the end of the latest step.
    public var statistics: EngineStatistics { inbox.statistics }

    /// Waits until the prefixes that are kept on disk are there; call it before the process ends.
    public func flushCache() { store?.flush() }

    /// What holds completions to `format`, for `GenerationOptions.constraint`.
    ///
    /// Works on the caller's thread. The first call indexes the vocabulary, which takes a good part of a second where it
    /// is large. The same schema again costs little while it is among the latest few.
    ///
    /// Throws: `GrammarError` with the keyword that is not understood and its JSON pointer in the schema.
    public func constraint(_ format: AnswerFormat) throws(GrammarError) -> Constraint {
        try constraints.constraint(format)
    }

    /// Runs a request to its end. Cancelling the task ends it within a step.
    ///
    /// - Parameter onEvent: called on the engine's thread, which it must not hold up.
    /// Throws: `EngineError`: at once when the request makes no sense or can never fit, with the numbers.
    public func run(
        _ request: EngineRequest, onEvent: @escaping @Sendable (EngineEvent) -> Void = { _ in }
    ) async throws(EngineError) -> EngineResult {
        try validate(request)
        let pending = PendingJob()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = EngineJob(request, onEvent: onEvent) { continuation.resume(returning: $0) }
                pending.set(job)
                inbox.append(job)
            }
        } onCancel: {
            pending.cancel()
            inbox.wake()
        }
        return try result.get()
    }

    /// The same as a stream of events; ending the loop cancels the request.
    public func stream(_ request: EngineRequest) -> AsyncThrowingStream<EngineEvent, any Error> {
        AsyncThrowingStream { continuation in
            do { try validate(request) } catch { return continuation.finish(throwing: error) }
            let job = EngineJob(request) {
                continuation.yield($0)
            } onEnd: { [self] result in
                switch result {
                case .success: continuation.finish()
                case .failure(let error): continuation.finish(throwing: error)
                }
                withExtendedLifetime(self) {}  // an engine that works on a stream is in use
            }
            continuation.onTermination = { [inbox] _ in
                job.cancel()
                inbox.wake()
            }
            inbox.append(job)
        }
    }

    /// Throws: `EngineError` saying why `request` can't be run.
    public func validate(_ request: EngineRequest) throws(EngineError) {
        let vocabulary = model.tokenizer.vocabulary.count
        guard !request.prompt.isEmpty else { throw .emptyPrompt }
        for token in request.prompt where token < 0 || Int(token) >= vocabulary {
            throw .tokenOutOfRange(id: Int(token), vocabulary: vocabulary)
        }
        guard request.prompt.count <= context else {
            throw .promptTooLong(tokens: request.prompt.count, context: context)
        }
        if case .generate(let options, let count) = request.task {
            try options.validate(vocabularyCount: vocabulary)
            guard (1...limits.sequences).contains(count) else {
                throw .option(name: "completions", value: "\(count)", allowed: "1 to \(limits.sequences)")
            }
        }
        let blocks = limits.blocks(for: request)
        guard blocks <= limits.blocks else {
            throw .cacheMemory(blocks: blocks, limit: limits.blocks, blockBytes: limits.blockBytes)
        }
    }
}
