import Engine
import JSON
import OpenAI
import Synchronization

/// The generations that a server runs and lets wait: refuses what is too many, shows what they do, and ends them.
final class RequestRegistry: Sendable {
    /// One generation.
    final class Entry: Sendable {
        let id: String
        let endpoint: String
        let arrival = ContinuousClock.now
        let promptTokens: Int
        fileprivate let progress = Mutex(Progress())
        /// Finished when the server can't wait any longer.
        let ending: AsyncStream<Never>
        fileprivate let end: AsyncStream<Never>.Continuation

        fileprivate init(id: String, endpoint: String, promptTokens: Int) {
            self.id = id
            self.endpoint = endpoint
            self.promptTokens = promptTokens
            (ending, end) = AsyncStream<Never>.makeStream()
        }

        /// Gives the seconds between two pieces of one text, where the event is the later one.
        ///
        /// - Parameter prompt: the number of the prompt that `event` belongs to.
        func note(_ event: EngineEvent, prompt: Int) -> Double? {
            progress.withLock { progress in
                switch event {
                case .prefilled(let done, _):
                    if progress.began == nil { progress.began = .now }
                    if progress.prefilled[prompt] == nil { progress.cached += done }
                    progress.prefilled[prompt] = done
                case .text(_, _, let index):
                    progress.generated += 1
                    let now = ContinuousClock.now
                    let before = progress.pieces.updateValue(now, forKey: [prompt, index])
                    return before.map { (now - $0) / .seconds(1) }
                case .prompt, .ended, .finished: break
                }
                return nil
            }
        }
    }

    /// What an entry holds as long as it is kept, also by an answer that is never written.
    final class Place: Sendable {
        let entry: Entry
        private let registry: RequestRegistry

        fileprivate init(_ entry: Entry, in registry: RequestRegistry) {
            (self.entry, self.registry) = (entry, registry)
        }

        deinit { leave() }

        func leave() { registry.remove(entry) }
    }

    fileprivate struct Progress {
        var began: ContinuousClock.Instant?
        /// Of what `prefilled` begins with.
        var cached = 0
        /// Prompt tokens that are there, by prompt.
        var prefilled: [Int: Int] = [:]
        /// Pieces of text.
        var generated = 0
        /// When the last piece of a text came, by prompt and completion.
        var pieces: [[Int]: ContinuousClock.Instant] = [:]
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var order: [ObjectIdentifier] = []
        var isDraining = false
        /// Seconds that a generation took, a running mean.
        var meanSeconds = 2.0
        var emptied: [AsyncStream<Never>.Continuation] = []
    }

    private let state = Mutex(State())
    private let limit: Int
    let parallel: Int

    /// - Parameters:
    ///   - parallel: generations that run at once.
    ///   - queue: more that may wait.
    init(parallel: Int, queue: Int) {
        self.parallel = parallel
        limit = parallel + queue
    }

    var count: Int { state.withLock { $0.entries.count } }
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Throws: `APIError` with status 429 where too many wait, 503 where the server is about to end.
    func check() throws(APIError) {
        try state.withLock { (state) throws(APIError) in try check(state) }
    }

    /// Throws: as `check`.
    func add(id: String, endpoint: String, promptTokens: Int) throws(APIError) -> Place {
        let entry = Entry(id: id, endpoint: endpoint, promptTokens: promptTokens)
        try state.withLock { (state) throws(APIError) in
            try check(state)
            state.entries[ObjectIdentifier(entry)] = entry
            state.order.append(ObjectIdentifier(entry))
        }
        return Place(entry, in: self)
    }

    /// Throws: `APIError` with status 503 where the server is about to end.
    func checkIsOpen() throws(APIError) {
        try state.withLock { (state) throws(APIError) in try checkIsOpen(state) }
    }

    private func checkIsOpen(_ state: borrowing State) throws(APIError) {
        guard state.isDraining else { return }
        var error = APIError.unavailable("The server is shutting down. Send the request to another, or later.")
        error.retryAfter = 5
        throw error
    }

    private func check(_ state: borrowing State) throws(APIError) {
        try checkIsOpen(state)
        guard state.entries.count < limit else {
            var error = APIError.rateLimited(
                """
                \(state.entries.count) requests run or wait already, and \(limit) are possible (--parallel and --queue). \
                Send it again later.
                """)
            error.retryAfter = min(max(Int(state.meanSeconds * Double(limit - parallel) / Double(parallel)), 1), 60)
            throw error
        }
    }

    private func remove(_ entry: Entry) {
        let emptied = state.withLock { state -> [AsyncStream<Never>.Continuation] in
            guard state.entries.removeValue(forKey: ObjectIdentifier(entry)) != nil else { return [] }
            state.order.removeAll { $0 == ObjectIdentifier(entry) }
            let seconds = (ContinuousClock.now - entry.arrival) / .seconds(1)
            state.meanSeconds += (seconds - state.meanSeconds) / 8
            guard state.entries.isEmpty else { return [] }
            defer { state.emptied = [] }
            return state.emptied
        }
        for waiter in emptied { waiter.finish() }
    }

    /// From now on nothing is added.
    func drain() {
        state.withLock { $0.isDraining = true }
    }

    /// Returns when nothing runs any more, or the task is cancelled.
    func emptied() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        let isEmpty = state.withLock { state in
            if !state.entries.isEmpty { state.emptied.append(continuation) }
            return state.entries.isEmpty
        }
        if isEmpty { return }
        for await _ in stream {}
    }

    /// Ends what runs.
    func endAll() {
        for entry in state.withLock({ Array($0.entries.values) }) { entry.end.finish() }
    }

    /// The JSON of `/slots`, in the order of arrival.
    var slots: JSONValue {
        let entries = state.withLock { state in state.order.compactMap { state.entries[$0] } }
        return .array(entries.map(\.json))
    }
}

extension RequestRegistry.Entry {
    fileprivate var json: JSONValue {
        let now = ContinuousClock.now
        let progress = progress.withLock { $0 }
        let prefilled = progress.prefilled.values.reduce(0, +)
        var eta: JSONValue = .null
        if let began = progress.began, prefilled < promptTokens, prefilled > progress.cached {
            let rate = Double(prefilled - progress.cached) / ((now - began) / .seconds(1))
            if rate > 0 { eta = .number((Double(promptTokens - prefilled) / rate * 10).rounded() / 10) }
        }
        let state = progress.began == nil ? "queued" : prefilled < promptTokens ? "prefill" : "decode"
        return [
            "id": .string(id), "endpoint": .string(endpoint), "state": .string(state),
            "prompt_tokens": .integer(promptTokens), "prefilled_tokens": .integer(prefilled),
            "generated_pieces": .integer(progress.generated),
            "elapsed_seconds": .number(((now - arrival) / .milliseconds(1)).rounded() / 1000),
            "prefill_eta_seconds": eta,
        ]
    }
}
