import Engine
import OpenAI

/// Runs generations on an engine, for as long as their clients and the server wait for them.
struct RequestRunner: Sendable {
    let engine: Engine
    let registry: RequestRegistry
    let metrics: ServerMetrics
    /// Seconds from a request's arrival to the end of its answer.
    let timeout: Double?

    /// Why a generation ended before its time, where there is nobody to tell.
    struct ClientIsGone: Error {}

    /// Puts a generation in its place, after checking that it can run.
    ///
    /// Throws: `APIError`.
    func admit(_ requests: [EngineRequest], endpoint: String, context: ServerContext) throws(APIError)
        -> RequestRegistry.Place
    {
        for request in requests {
            do { try engine.validate(request) } catch { throw APIError(error) }
            if case .generate(_, let count) = request.task, count > registry.parallel {
                throw .invalid(
                    "`n` is \(count), where \(registry.parallel) texts grow at the same time (--parallel).", param: "n")
            }
        }
        let tokens = requests.reduce(0) { $0 + $1.prompt.count }
        return try registry.add(id: context.requestID, endpoint: endpoint, promptTokens: tokens)
    }

    /// The results of all requests, in their order.
    ///
    /// - Parameter onEvent: called on the engine's thread, with the number of the request.
    /// Throws: `APIError`, or `ClientIsGone`.
    func run(
        _ requests: [EngineRequest], place: RequestRegistry.Place, context: ServerContext, timeout: Double? = nil,
        onEvent: @escaping @Sendable (EngineEvent, Int) -> Void = { _, _ in }
    ) async throws -> [EngineResult] {
        defer { place.leave() }
        let entry = place.entry
        let limit = [timeout, self.timeout].compactMap(\.self).min()
        let deadline = limit.map { context.arrival + .seconds($0) }
        do {
            let results = try await withThrowingTaskGroup(of: [EngineResult].self) { group in
                group.addTask {
                    // a few at a time: whoever asks for one text is not to wait for all of another's
                    try await engine.run(requests, atOnce: max(registry.parallel / 2, 1)) { event, index in
                        if let seconds = entry.note(event, prompt: index) { metrics.betweenTokens(seconds) }
                        onEvent(event, index)
                    }
                }
                if let connection = context.connection {
                    group.addTask {
                        await connection.closed()
                        throw ClientIsGone()
                    }
                }
                if let deadline, let limit {
                    group.addTask {
                        try await Task.sleep(until: deadline)
                        throw APIError.timeout(seconds: limit)
                    }
                }
                group.addTask {
                    for await _ in entry.ending {}
                    throw APIError.unavailable("The server is shutting down. Send the request to another, or later.")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? []
            }
            metrics.finished(results)
            return results
        } catch let error as EngineError {
            let error = APIError(error)
            metrics.failed(error)
            throw error
        } catch let error as APIError {
            metrics.failed(error)
            throw error
        } catch {
            metrics.cancelled()
            throw error
        }
    }
}

extension APIError {
    static func timeout(seconds: Double) -> APIError {
        APIError(
            status: 503,
            message: "The answer was not complete within \(seconds) s. Ask for fewer tokens, or later.",
            type: "service_unavailable", code: "request_timeout")
    }
}
