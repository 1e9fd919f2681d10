/// Wakes one task that waits for something to do. A signal that comes before the wait is not lost.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func send() { continuation.yield() }

    /// Returns after a signal, `seconds` where they are given, or when the task is cancelled.
    func wait(seconds: Int? = nil) async {
        let timer = seconds.map { seconds in
            Task {
                do { try await Task.sleep(for: .seconds(max(seconds, 0))) } catch { return }
                send()
            }
        }
        defer { timer?.cancel() }
        for await _ in stream { return }
    }
}
