internal import Foundation

/// Requests on their way from any thread to the engine's.
final class Inbox: @unchecked Sendable {
    private let condition = NSCondition()  // guards everything below
    private var jobs: [EngineJob] = []
    private var isClosed = false
    private var isWoken = false
    private var latest = EngineStatistics()

    var statistics: EngineStatistics {
        get { condition.withLock { latest } }
        set { condition.withLock { latest = newValue } }
    }

    func append(_ job: EngineJob) {
        condition.withLock { jobs.append(job) }
        condition.signal()
    }

    /// Has the engine look whether something was cancelled.
    func wake() {
        condition.withLock { isWoken = true }
        condition.signal()
    }

    func close() {
        condition.withLock { isClosed = true }
        condition.signal()
    }

    /// What came in; nil once closed.
    ///
    /// - Parameter waits: whether there is nothing to do until something comes in.
    func next(waits: Bool) -> [EngineJob]? {
        condition.withLock {
            while waits, jobs.isEmpty, !isClosed, !isWoken { condition.wait() }
            isWoken = false
            guard !isClosed else { return nil }
            defer { jobs = [] }
            return jobs
        }
    }

    /// What came in and will not be run.
    func drain() -> [EngineJob] {
        condition.withLock {
            defer { jobs = [] }
            return jobs
        }
    }
}

/// A job that may be cancelled before it is there.
final class PendingJob: @unchecked Sendable {
    private let lock = NSLock()  // guards both below
    private var job: EngineJob?
    private var isCancelled = false

    func set(_ job: EngineJob) {
        lock.withLock {
            self.job = job
            if isCancelled { job.cancel() }
        }
    }

    func cancel() {
        lock.withLock {
            isCancelled = true
            job?.cancel()
        }
    }
}
