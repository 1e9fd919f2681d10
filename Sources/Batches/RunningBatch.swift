import BatchRunner
import Synchronization

/// The batch whose lines are being answered.
final class RunningBatch: Sendable {
    let id: ItemID
    let job: Task<BatchProgress, any Error>
    private let tally: LineTally

    init(id: ItemID, tally: LineTally, job: Task<BatchProgress, any Error>) {
        self.id = id
        self.tally = tally
        self.job = job
    }

    /// nil before anything is known.
    var counts: Batch.Counts? { tally.counts }
}

/// Lines as they are done.
final class LineTally: Sendable {
    private let progress = Mutex<BatchProgress?>(nil)
    private let report: @Sendable (_ completed: Int, _ failed: Int) -> Void

    init(_ report: @escaping @Sendable (_ completed: Int, _ failed: Int) -> Void) { self.report = report }

    var counts: Batch.Counts? { progress.withLock { $0.map(Batch.Counts.init) } }

    func update(_ new: BatchProgress) {
        let old = progress.withLock { progress in
            defer { progress = new }
            return progress
        }
        // what earlier servers did is not this one's
        guard let old else { return }
        let failed = new.failed - old.failed
        let completed = new.done - old.done - failed
        if failed > 0 || completed > 0 { report(completed, failed) }
    }
}

extension Batch.Counts {
    init(_ progress: BatchProgress) {
        self.init(total: progress.total, completed: progress.done - progress.failed, failed: progress.failed)
    }
}
