package import BatchRunner
import JSON
package import Logging
package import OpenAI

/// The batches of `/v1/batches`: checked as they come, and run one after the other.
///
/// Every change is on disk before anyone is told of it, and a batch's results grow in files of its own, so that a new
/// server goes on with the folder where the one before it was ended, in whatever way.
package actor BatchQueue {
    /// How batches are run.
    package struct Settings: Sendable {
        /// Whatever results depend on besides the lines; batches that were begun with other options fail.
        package var options: String
        /// Lines that are answered at once.
        package var concurrency = 4
        /// Seconds from a batch's making to its end, finished or not.
        package var window = 86_400
        package var mostLines = 50_000
        /// Batches that are not finished, and batches in all; of those that are finished the oldest are forgotten.
        package var mostUnfinished = 1000
        package var most = 10_000
        package var logger: Logger
        /// Hears of lines that were answered.
        package var count: @Sendable (_ completed: Int, _ failed: Int) -> Void = { _, _ in }

        package init(options: String, logger: Logger) {
            self.options = options
            self.logger = logger
        }
    }

    let files: FileStore
    let settings: Settings
    let answerer: any BatchAnswering
    var folder: FileFolder { files.folder }
    var batches: [ItemID: Batch] = [:]
    /// Those that one of the two loops has in hand.
    var busy: Set<ItemID> = []
    var running: RunningBatch?
    /// Set where the engine can answer no more lines: they are left for another server.
    var isHalted = false
    let clerk = Signal()
    let runner = Signal()

    /// Endpoints that a batch may have.
    package static let endpoints = BatchEndpoint.allCases.map(\.rawValue)

    /// Finds the batches of earlier servers.
    package init(_ files: FileStore, answerer: any BatchAnswering, settings: Settings) {
        self.files = files
        self.answerer = answerer
        self.settings = settings
        var found: [ItemID: Batch] = [:]
        for name in files.folder.names where name.hasSuffix(".json") {
            guard let id = ItemID(String(name.dropLast(5)), .batch) else { continue }
            if let batch: Batch = files.folder.read(name), batch.id == id {
                found[id] = batch
                if !batch.status.isFinal { _ = try? files.hold(batch.inputFile.description) }
            } else {
                settings.logger.error("a batch's record is damaged, and left as it is", metadata: ["file": "\(name)"])
            }
        }
        batches = found
    }

    package var all: [Batch] { batches.values.map(live) }

    /// With the counts of this moment.
    private func live(_ batch: Batch) -> Batch {
        guard let running, running.id == batch.id else { return batch }
        var batch = batch
        batch.counts = running.counts ?? batch.counts
        return batch
    }

    /// Throws: `APIError` with status 404.
    package func batch(_ text: String) throws(APIError) -> Batch {
        guard let id = ItemID(text, .batch), let batch = batches[id] else {
            throw APIError(
                status: 404,
                message: "There is no batch \(APIError.shown(text)). GET /v1/batches lists those that there are.",
                type: "invalid_request_error", code: "batch_not_found")
        }
        return live(batch)
    }

    /// Throws: `APIError` where the file is not one of lines, or too much waits.
    package func create(_ request: BatchRequest) throws(APIError) -> Batch {
        guard batches.values.count(where: { !$0.status.isFinal }) < settings.mostUnfinished else {
            throw .rateLimited("\(settings.mostUnfinished) batches wait already. Send it again later.")
        }
        let file = try files.hold(request.inputFile)
        do throws(APIError) {
            guard file.purpose == .batch else {
                throw APIError.invalid(
                    "The file \(file.id) has the purpose \(file.purpose.rawValue), where batch is expected.",
                    param: "input_file_id")
            }
            let batch = Batch(
                id: ItemID(.batch, after: batches.keys.max()), endpoint: request.endpoint, inputFile: file.id,
                metadata: request.metadata, created: UnixTime.now, window: settings.window)
            do { try keep(batch) } catch { throw APIError.cannotKeep(error) }
            log("batch created", batch)
            forgetOldest()
            clerk.send()
            return batch
        } catch {
            files.release(file.id)
            throw error
        }
    }

    /// Throws: `APIError` with status 404, and 409 where there is nothing to cancel.
    package func cancel(_ text: String) throws(APIError) -> Batch {
        var batch = try batch(text)
        switch batch.status {
        case .cancelling: return batch
        case .validating, .running: break
        case .finalizing, .completed, .failed, .expired, .cancelled:
            throw APIError(
                status: 409,
                message: "The batch \(batch.id) is \(batch.status.rawValue) and cannot be cancelled any more.",
                type: "invalid_request_error", code: "batch_not_cancellable")
        }
        guard batch.ending == nil else { return batch }
        batch.become(.cancelling)
        do { try keep(batch) } catch { throw .cannotKeep(error) }
        if let running, running.id == batch.id { running.job.cancel() }
        clerk.send()
        return batch
    }

    /// Brings a batch's new state to disk. Throws: `BatchError.cannotWrite`.
    func keep(_ batch: Batch) throws(BatchError) {
        try folder.write(batch, to: "\(batch.id).json")
        batches[batch.id] = batch
    }

    private func forgetOldest() {
        guard batches.count > settings.most else { return }
        guard let id = batches.values.filter(\.status.isFinal).map(\.id).min() else { return }
        if folder.remove("\(id).json") { batches[id] = nil }
    }

    func log(_ event: Logger.Message, _ batch: Batch, _ more: Logger.Metadata = [:]) {
        var facts: Logger.Metadata = ["batch": "\(batch.id)", "endpoint": "\(batch.endpoint)"]
        facts.merge(more) { $1 }
        settings.logger.info(event, metadata: facts)
    }
}
