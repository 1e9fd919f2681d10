internal import COpenBLAS
internal import COpenMP
internal import Synchronization

/// The one team of threads that everything parallel runs on: an OpenMP team of libomp.
///
/// OpenBLAS is set to one thread and is called from inside the team: two pools in one process would fight for the cores.
/// Work is handed out in chunks from an atomic counter, so that a core which is busy elsewhere takes fewer of them. What a
/// chunk computes never depends on who takes it: results are the same bits for every thread count.
///
/// A team serves one caller at a time.
public final class ThreadTeam {
    /// The most threads a region may have, the caller among them.
    public let size: Int

    private let next = Atomic(0)
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
        openblas_set_num_threads(1)
        kmp_set_blocktime(Self.spinMilliseconds)
        if kmp_get_stacksize_s() < Self.leastStackBytes { kmp_set_stacksize_s(Self.leastStackBytes) }
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
        next.store(0, ordering: .relaxed)
        if !isSpread {
            isSpread = true
            spread()
        }

        var region = Region(team: self, work: work, chunks: chunks)
        withUnsafeMutablePointer(to: &region) { region in
            GOMP_parallel({ $0?.assumingMemoryBound(to: Region.self).pointee.share() }, region, UInt32(threads), 0)
        }
    }

    private struct Region {
        unowned(unsafe) let team: ThreadTeam
        unowned(unsafe) let work: SharedWork
        let chunks: Int

        func share() {
            // held once, not per chunk: all threads count the same references
            let (team, work) = (team, work)
            let worker = Int(omp_get_thread_num())
            while true {
                let chunk = team.next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard chunk < chunks else { return }
                work.run(chunk: chunk, worker: worker)
            }
        }
    }
}
