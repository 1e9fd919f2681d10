import NIOCore
import Synchronization

/// Whether a client is still there, as its connection and the request that runs for it share it.
final class ConnectionState: Sendable {
    private struct Watch {
        var isClosed = false
        var waiters: [Int: AsyncStream<Never>.Continuation] = [:]
        var next = 0
    }
    private let watch = Mutex(Watch())

    /// Open connections, by their channels.
    private static let all = Mutex<[ObjectIdentifier: ConnectionState]>([:])

    static func of(_ channel: any Channel) -> ConnectionState? {
        all.withLock { $0[ObjectIdentifier(channel)] }
    }

    static func add(_ channel: any Channel) -> ConnectionState {
        let state = ConnectionState()
        all.withLock { $0[ObjectIdentifier(channel)] = state }
        return state
    }

    static func remove(_ channel: any Channel) {
        all.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    var isClosed: Bool { watch.withLock { $0.isClosed } }

    func close() {
        let waiters = watch.withLock { watch in
            watch.isClosed = true
            defer { watch.waiters = [:] }
            return watch.waiters
        }
        for waiter in waiters.values { waiter.finish() }
    }

    /// Returns when the client is gone, or the task is cancelled.
    func closed() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        let number = watch.withLock { watch -> Int? in
            guard !watch.isClosed else { return nil }
            watch.next += 1
            watch.waiters[watch.next] = continuation
            return watch.next
        }
        guard let number else { return }
        for await _ in stream {}
        watch.withLock { _ = $0.waiters.removeValue(forKey: number) }
    }
}
