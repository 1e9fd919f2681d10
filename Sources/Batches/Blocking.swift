import Dispatch

/// Work that waits for a disk, or computes for long: on threads that no task needs.
enum Blocking {
    static func run<T: Sendable, E: Error>(_ work: @escaping @Sendable () -> Result<T, E>) async throws(E) -> T {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { continuation.resume(returning: work()) }
        }
        return try result.get()
    }
}
