import Logging
import OpenAI
import ServiceLifecycle

/// Ends a server in order: no new requests, time for those that run, then an end to the rest.
///
/// Stands behind the HTTP server in its group, so that it ends first: until then the server answers, and says to balancers
/// that it is not ready.
struct DrainService: Service {
    let registry: RequestRegistry
    let timeout: Double
    let logger: Logger
    /// Called at the beginning; not waited for.
    let onDrain: @Sendable () -> Void

    func run() async throws {
        try? await gracefulShutdown()
        registry.drain()
        onDrain()
        let count = registry.count
        guard count > 0 else { return }
        logger.notice("draining", metadata: ["requests": "\(count)", "limit_s": "\(timeout)"])
        let isEmpty = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await registry.emptied()
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(timeout))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        guard !isEmpty else { return }
        logger.warning("ending what still runs", metadata: ["requests": "\(registry.count)"])
        registry.endAll()
        // they need a step of the engine to end, and a moment to say so
        _ = await withTaskGroup(of: Void.self) { group in
            group.addTask { await registry.emptied() }
            group.addTask { try? await Task.sleep(for: .seconds(1)) }
            await group.next()
            group.cancelAll()
        }
    }
}
