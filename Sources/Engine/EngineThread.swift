internal import GGUF
public import Gemma
public import Tokenizer
internal import Foundation
internal import Synchronization

/// A thread that runs generations one after another, for callers in Swift's concurrency.
///
/// A forward pass takes up to seconds and holds its thread all the while: on the cooperative pool it would stall other
/// tasks. The OpenMP team belongs to this one thread too.
public final class EngineThread: Sendable {
    /// Gets the session, or the error that kept it from being made.
    private typealias Job = @Sendable (Result<Session, any Error>) -> Void

    private let model: GemmaModel
    private let jobs: JobQueue<Job>

    /// Throws: `EngineError` when the settings make no sense.
    public init(_ model: GemmaModel, settings: EngineSettings) throws(EngineError) {
        try settings.validate()
        let limit = model.config.contextLength
        if let context = settings.context, context > limit { throw .contextTooLong(requested: context, limit: limit) }
        self.model = model
        let jobs = JobQueue<Job>()
        self.jobs = jobs
        let thread = Thread {
            // made here, because a session belongs to its thread
            let session = Result<Session, any Error> { try Session(model, settings: settings) }
            while let job = jobs.next() { job(session) }
        }
        thread.stackSize = 8 << 20  // the thread computes too, whatever `ulimit -s` says
        thread.start()
    }

    deinit { jobs.close() }

    /// Streams a generation from the tokens that `prompt` gives; `prompt` runs on the thread too.
    ///
    /// Text is made as fast as it can be, whether or not it is read yet.
    public func generate(
        _ options: GenerationOptions, prompt: @escaping @Sendable (GemmaModel) throws -> [TokenID]
    ) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            let ended = Flag()
            continuation.onTermination = { _ in ended.set() }
            append(options, ended: ended, prompt: prompt, emit: { continuation.yield($0) }) { result in
                continuation.finish(throwing: result.failure)
            }
        }
    }

    /// Runs a generation to its end; cancelling the task ends it early with what was made.
    public func complete(
        _ options: GenerationOptions, prompt: @escaping @Sendable (GemmaModel) throws -> [TokenID]
    ) async throws -> GenerationResult {
        let ended = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                append(options, ended: ended, prompt: prompt, emit: { _ in }) { continuation.resume(with: $0) }
            }
        } onCancel: {
            ended.set()
        }
    }

    private func append(
        _ options: GenerationOptions, ended: Flag, prompt: @escaping @Sendable (GemmaModel) throws -> [TokenID],
        emit: @escaping @Sendable (String) -> Void,
        finish: @escaping @Sendable (Result<GenerationResult, any Error>) -> Void
    ) {
        jobs.append { [model] session in
            finish(
                Result {
                    let session = try session.get()
                    guard !model.file.bytes.hasChangedOnDisk() else {
                        throw EngineError.modelFileChanged(path: model.file.bytes.path)
                    }
                    session.reset()
                    session.isCancelled = { ended.isSet }
                    return try session.generate(try prompt(model), options: options) { piece in
                        emit(piece)
                        return !ended.isSet
                    }
                })
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

/// Items from any thread to the one that waits for them.
private final class JobQueue<Item: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()  // guards both below
    private var items: [Item] = []
    private var isClosed = false

    func append(_ item: Item) {
        condition.withLock { items.append(item) }
        condition.signal()
    }

    func close() {
        condition.withLock { isClosed = true }
        condition.signal()
    }

    /// Waits for the next item; nil once closed and empty.
    func next() -> Item? {
        condition.withLock {
            while items.isEmpty, !isClosed { condition.wait() }
            return items.isEmpty ? nil : items.removeFirst()
        }
    }
}
