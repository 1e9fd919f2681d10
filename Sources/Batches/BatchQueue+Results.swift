import BatchRunner
import Logging

extension BatchQueue {
    /// Runs the lines that have no result yet. Throws: `BatchError`.
    nonisolated func results(
        of batch: Batch, _ answerer: any BatchAnswering, _ tally: LineTally
    ) async throws -> BatchProgress {
        let (folder, concurrency) = (await self.folder, settings.concurrency)
        let path = folder.path(batch.inputFile.description)
        let input = try await Blocking.run {
            Result { () throws(BatchError) in try BatchInput(lines: InputFile(notALink: path)) }
        }
        let output = try BatchOutput(
            folder.path(batch.outputName), errorFile: folder.path(batch.errorName), followsLinks: false)
        try output.resume(input, options: settings.options)
        return try await BatchJob(input, concurrency: concurrency).run(answerer, output: output) { tally.update($0) }
    }

    /// Makes a batch's results files of the API, and gives it the state that it comes to. May be done again after a
    /// crash at any point. Throws: `BatchError.cannotWrite`.
    func publish(_ old: Batch) throws(BatchError) {
        var batch = old
        guard let status = batch.ending else { return }
        batch.outputFile = batch.outputFile ?? files.newID()
        batch.errorFile = batch.errorFile ?? files.newID()
        // the names are known before anything moves
        try keep(batch)
        batch.outputFile = try publish(batch.outputName, of: batch, as: batch.outputFile, "output")
        batch.errorFile = try publish(batch.errorName, of: batch, as: batch.errorFile, "error")
        folder.remove(BatchOutput.statePath(of: batch.outputName))
        batch.become(status)
        try keep(batch)
        files.release(batch.inputFile)
        log(
            "batch ended", batch,
            [
                "status": "\(batch.status.rawValue)", "lines": "\(batch.counts.total)",
                "completed": "\(batch.counts.completed)", "failed": "\(batch.counts.failed)",
            ])
    }

    /// nil where there are no results of the kind.
    private func publish(_ name: String, of batch: Batch, as id: ItemID?, _ kind: String) throws(BatchError) -> ItemID?
    {
        guard let id else { return nil }
        if let size = folder.size(name), size > 0 {
            let file = StoredFile(
                id: id, bytes: size, created: UnixTime.now, filename: "\(batch.id)_\(kind).jsonl", purpose: .results)
            try files.add(file, content: name)
            return id
        }
        folder.remove(name)
        // a server before this one may have done it
        return (try? files.file(id.description)) == nil ? nil : id
    }
}

extension Batch {
    var outputName: String { "\(id).output" }
    var errorName: String { "\(id).errors" }
}

/// Says of every line that it was not run.
struct Unanswered: BatchAnswering {
    let code: String
    let message: String

    func answer(_ line: BatchLine) async -> BatchAnswer { .failure(code: code, message: message) }
}
