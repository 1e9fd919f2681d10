import ArgumentParser
import SystemPackage
import Synchronization

/// Runs a task for a command, and cancels it on the first Ctrl-C.
enum Interruptible {
    /// Waits for `work` on this thread. What ends the wait, a signal or the end of the work, comes through one pipe, so
    /// nothing has to look again and again.
    static func run<T: Sendable>(_ work: sending @escaping () async throws -> T) throws -> T {
        let (reading, writing) = try FileDescriptor.pipe()
        defer {
            Interrupt.wake(by: nil)
            try? reading.close()
            try? writing.close()
        }
        let outcome = Outcome<T>()
        let task = Task {
            let result: Result<T, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            outcome.set(result)
            _ = try? writing.writeAll([Self.ended])
        }
        Interrupt.wake(by: writing.rawValue)
        if Interrupt.isRequested { task.cancel() }
        var byte: [UInt8] = [0]
        while true {
            let count = try? byte.withUnsafeMutableBytes { try reading.read(into: $0, retryOnInterrupt: false) }
            // only after the task's own byte is it done with the pipe
            if count == 1, byte[0] == Self.ended, let result = outcome.result { return try result.get() }
            if Interrupt.isRequested { task.cancel() }
        }
    }

    private static let ended: UInt8 = 1

    private final class Outcome<T: Sendable>: Sendable {
        private let value = Mutex<Result<T, any Error>?>(nil)
        var result: Result<T, any Error>? { value.withLock { $0 } }
        func set(_ result: Result<T, any Error>) { value.withLock { $0 = result } }
    }
}
