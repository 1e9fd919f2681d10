/// Runs operations on matrices with one thread team and one set of kernels.
///
/// Not Sendable: it belongs to the thread that calls it.
public final class Executor {
    public let team: ThreadTeam
    public let kernels: Kernels
    /// Threads for the regions to come, at most the team's size. Decode and prefill may want different numbers.
    public var threads: Int {
        didSet { precondition(threads >= 1 && threads <= team.size, "\(threads) threads of a team of \(team.size)") }
    }

    let projections: ProjectionWork
    let attention = AttentionWork()
    let gating = GatingWork()
    let hiddenLayer = FeedForwardWork()

    public init(threads: Int, kernels: Kernels = .best) {
        team = ThreadTeam(size: threads)
        self.threads = threads
        self.kernels = kernels
        projections = ProjectionWork(kernels: kernels, workers: threads)
    }

    /// Calls `body(item)` for 0 ..< count, in parallel when there is more than one thread and item.
    ///
    /// A thread takes some items at a time: rows of small models would cost less than to share them out one by one.
    ///
    /// - Parameters:
    ///   - numbers: that are worked on in all: one thread does few of them.
    ///   - threads: at most so many of the executor's.
    func forEach(_ count: Int, numbers: Int = .max, threads most: Int = .max, _ body: (Int) -> Void) {
        let threads = Self.threads(numbers: numbers, most: min(most, threads))
        let size = max(1, min(16, count / (8 * threads)))
        team.run(chunks: (count + size - 1) / size, threads: threads) { chunk, _ in
            for item in chunk * size..<min((chunk + 1) * size, count) { body(item) }
        }
    }

    /// Threads for simple work on so many numbers: with few of them one thread is done before a parallel region starts
    /// and ends.
    package static func threads(numbers: Int, most: Int) -> Int { numbers < leastShared ? 1 : most }

    private static let leastShared = 16_384
}
