public import Gemma
public import Tokenizer
internal import Foundation
internal import Synchronization

/// A thread that runs generations one after another, for callers in Swift's concurrency.
///
/// A forward pass takes up to seconds and holds its thread all the while: on the cooperative pool it would stall other
/// tasks. The OpenMP team belongs to this one thread too.
public final class EngineThread: Sendable {
    private typealias Job = @Sendable (Session) -> Void

    private let model: GemmaModel
    private let jobs: JobQueue<Job>

    /// Throws: `EngineError` when the settings make no sense.
    public init(_ model: GemmaModel, settings: EngineSettings) throws(EngineError) {
        try settings.validate()
        self.model = model
        let jobs = JobQueue<Job>()
        self.jobs = jobs
        // checked here, so that the session on the thread cannot fail
        let limit = model.config.contextLength
        if let context = settings.context, !(1...limit).contains(context) {
            throw .contextTooLong(requested: context, limit: limit)
        }
        Thread.detachNewThread {
            guard let session = try? Session(model, settings: settings) else { return }
            while let job = jobs.next() { job(session) }
        }
    }

    deinit { jobs.close() }

    /// Generates from the tokens that `prompt` gives; `prompt` runs on the thread too.
    public func generate(
        _ options: GenerationOptions, prompt: @escaping @Sendable (GemmaModel) throws -> [TokenID]
    ) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            let ended = Flag()
            continuation.onTermination = { _ in ended.set() }
            jobs.append { session in
                guard !ended.isSet else { return }
                session.reset()
                session.isCancelled = { ended.isSet }
                do {
                    _ = try session.generate(try prompt(session.model), options: options) { piece in
                        continuation.yield(piece)
                        return !ended.isSet
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }
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
