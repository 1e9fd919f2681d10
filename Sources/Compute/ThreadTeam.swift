internal import COpenBLAS
internal import COpenMP
internal import Synchronization

/// The one team of threads that everything parallel runs on: an OpenMP team of libomp.
///
/// OpenBLAS is set to one thread and is called from inside the team: two pools in one process would fight for the cores.
/// Each thread takes the chunks of a share of its own in their order, which is that of memory, and then those that others
/// have left: a core which is busy elsewhere does less. What a chunk computes never depends on who takes it: results are
/// the same bits for every thread count.
///
/// A team serves one caller at a time.
public final class ThreadTeam {
    /// The most threads a region may have, the caller among them.
    public let size: Int

    private let shares: UnsafeMutablePointer<ChunkShare>
    private let isRunning = Atomic(false)
    private var isSpread = false

    /// How long an idle thread spins for the next region before it sleeps: long enough for the gaps within a token,
    /// short enough to leave the cores alone between requests.
    private static let spinMilliseconds: Int32 = 4

    /// Least bytes of a worker's stack: kernels keep up to 256 KiB of panels and sums there, while `OMP_STACKSIZE` or
    /// `ulimit -s` may ask for less.
    private static let leastStackBytes = 4 << 20

    public init(size: Int) {
        precondition(size >= 1, "a thread team needs at least one thread, not \(size)")
        self.size = size
        shares = .allocate(capacity: size)
        for worker in 0..<size { (shares + worker).initialize(to: ChunkShare()) }
        openblas_set_num_threads(1)
        kmp_set_blocktime(Self.spinMilliseconds)
        if kmp_get_stacksize_s() < Self.leastStackBytes { kmp_set_stacksize_s(Self.leastStackBytes) }
    }

    deinit {
        shares.deinitialize(count: size)
        shares.deallocate()
    }

    /// Calls `body(chunk, worker)` once for each chunk of 0 ..< chunks, on up to `threads` threads at once.
    ///
    /// `worker` counts from 0 to size - 1 and no two running calls share one: it selects scratch memory.
    /// `body` must be safe to run at the same time for different chunks.
    package func run(chunks: Int, threads: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void) {
        guard min(threads, size, chunks) > 1 else {
            for chunk in 0..<max(chunks, 0) { body(chunk, 0) }
            return
        }
        withoutActuallyEscaping(body) { run(ClosureWork($0), chunks: chunks, threads: threads) }
    }

    /// The same for work that is kept: takes no memory.
    func run(_ work: SharedWork, chunks: Int, threads: Int) {
        let threads = min(threads, size, chunks)
        guard threads > 1 else {
            for chunk in 0..<max(chunks, 0) { work.run(chunk: chunk, worker: 0) }
            return
        }
        let wasRunning = isRunning.exchange(true, ordering: .acquiring)
        precondition(!wasRunning, "a thread team serves one caller at a time")
        defer { isRunning.store(false, ordering: .releasing) }
        for worker in 0..<threads {
            shares[worker].set(chunks * worker / threads..<chunks * (worker + 1) / threads)
        }
        if !isSpread {
            isSpread = true
            spread()
        }

        var region = Region(shares: shares, work: work, threads: threads)
        withUnsafeMutablePointer(to: &region) { region in
            GOMP_parallel({ $0?.assumingMemoryBound(to: Region.self).pointee.run() }, region, UInt32(threads), 0)
        }
    }

    private struct Region {
        let shares: UnsafeMutablePointer<ChunkShare>
        unowned(unsafe) let work: SharedWork
        let threads: Int

        func run() {
            let work = work  // held once, not per chunk: all threads count the same references
            let worker = Int(omp_get_thread_num())
            for owner in worker..<worker + threads {
                let share = shares + owner % threads
                while let chunk = share.pointee.take() { work.run(chunk: chunk, worker: worker) }
            }
        }
    }
}
