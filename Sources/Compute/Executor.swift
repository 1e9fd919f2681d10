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

    /// Input of the projection at hand as int8 blocks, per activation format.
    let int8x32 = ActivationBlocks(.int8x32)
    let int8x256 = ActivationBlocks(.int8x256)
    /// Per worker: a dequantized panel.
    private var scratch: [Buffer<Float>?]
    let attention = AttentionWork()

    public init(threads: Int, kernels: Kernels = .best) {
        team = ThreadTeam(size: threads)
        self.threads = threads
        self.kernels = kernels
        scratch = Array(repeating: nil, count: threads)
    }

    /// Makes sure that each worker has room for `count` Floats; call it before a region, not in one.
    func reserveScratch(_ count: Int) {
        for worker in scratch.indices where (scratch[worker]?.count ?? 0) < count {
            scratch[worker] = nil  // give the old one back first
            scratch[worker] = Buffer(count: count)
        }
    }

    /// One pointer per worker, valid until the next `reserveScratch`.
    func scratchPointers() -> [UnsafeMutablePointer<Float>] {
        scratch.compactMap { $0?.base }
    }

    /// Calls `body(item)` for 0 ..< count, in parallel when there is more than one thread and item.
    func forEach(_ count: Int, _ body: (Int) -> Void) {
        team.run(chunks: count, threads: threads) { item, _ in body(item) }
    }
}
