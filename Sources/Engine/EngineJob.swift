internal import Synchronization

/// A request on its way through an engine, as its submitter and the engine's thread share it.
final class EngineJob: Sendable {
    let request: EngineRequest
    let arrival = ContinuousClock.now
    private let cancelled = Atomic(false)
    private let onEvent: @Sendable (EngineEvent) -> Void
    private let onEnd: @Sendable (Result<EngineResult, EngineError>) -> Void

    init(
        _ request: EngineRequest, onEvent: @escaping @Sendable (EngineEvent) -> Void,
        onEnd: @escaping @Sendable (Result<EngineResult, EngineError>) -> Void
    ) {
        self.request = request
        self.onEvent = onEvent
        self.onEnd = onEnd
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }
    func cancel() { cancelled.store(true, ordering: .releasing) }

    func emit(_ event: EngineEvent) {
        if !isCancelled { onEvent(event) }
    }

    /// Called once, by the engine's thread.
    func end(_ result: Result<EngineResult, EngineError>) {
        if case .success(let value) = result { emit(.finished(value)) }
        onEnd(result)
    }
}
