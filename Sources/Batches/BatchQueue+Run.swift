import BatchRunner
import Logging
import OpenAI
import SystemPackage

extension BatchQueue {
    /// Works until the task is cancelled, and then ends within a step of the engine: what runs goes on with the next
    /// server.
    ///
    /// Two loops: what is short (checking new batches, ending those that wait) is not to wait for what is long.
    package func run() async {
        for batch in batches.values where !batch.status.isFinal { log("batch goes on", batch) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.clerkLoop() }
            group.addTask { await self.runnerLoop() }
        }
    }

    private func clerkLoop() async {
        while !Task.isCancelled {
            if let batch = next(where: { isShort($0) }) {
                await handle(batch)
            } else {
                await clerk.wait(seconds: secondsToNextExpiry)
            }
        }
    }

    private func runnerLoop() async {
        while !Task.isCancelled {
            if !isHalted, let batch = next(where: { !isShort($0) }) {
                await answer(batch)
            } else {
                await runner.wait()
            }
        }
    }

    /// The oldest of the batches that are open and in nobody's hands.
    private func next(where isWanted: (Batch) -> Bool) -> Batch? {
        let open = batches.values.filter { !$0.status.isFinal && !busy.contains($0.id) && isWanted($0) }
        return open.min { $0.id < $1.id }
    }

    /// Whether no line of it has to be answered.
    private func isShort(_ batch: Batch) -> Bool {
        batch.status != .running || batch.ending != nil || batch.expires <= UnixTime.now
    }

    private var secondsToNextExpiry: Int? {
        let expiries = batches.values.filter { !$0.status.isFinal && !busy.contains($0.id) }.map(\.expires)
        return expiries.min().map { $0 - UnixTime.now }
    }

    // MARK: Short work

    private func handle(_ batch: Batch) async {
        busy.insert(batch.id)
        defer {
            busy.remove(batch.id)
            runner.send()
        }
        do {
            switch batch.status {
            case _ where batch.ending != nil: try publish(batch)
            case .cancelling: try await end(batch.id, as: .cancelled)
            case .validating, .running, .finalizing, .completed, .failed, .expired, .cancelled:
                if batch.expires <= UnixTime.now {
                    try await end(batch.id, as: .expired)
                } else {
                    try await check(batch)
                }
            }
        } catch {
            await pause(batch, error)
        }
    }

    /// Finds out whether all lines can be run. Throws: `BatchError`.
    private func check(_ old: Batch) async throws {
        guard let endpoint = BatchEndpoint(rawValue: old.endpoint) else { return try fail(old.id, .internalError) }
        let path = folder.path(old.inputFile.description)
        let check = InputCheck(endpoint, mostLines: settings.mostLines)
        let (count, faults) = try await Blocking.run {
            Result { () throws(BatchError) in try check.faults(of: InputFile(notALink: path)) }
        }
        // it may have been cancelled meanwhile
        guard var batch = batches[old.id], batch.status == .validating, !Task.isCancelled else { return }
        guard faults.isEmpty else {
            batch.faults = faults.map {
                Batch.Fault(code: $0.code, message: $0.message, param: $0.param, line: $0.line)
            }
            batch.ending = .failed
            return try publish(batch)
        }
        batch.counts.total = count
        batch.become(.running)
        try keep(batch)
        log("batch checked", batch, ["lines": "\(count)"])
    }

    /// Ends a batch before all of its lines were answered: each of the others gets a result that says so.
    ///
    /// Throws: `BatchError`.
    private func end(_ id: ItemID, as status: Batch.Status) async throws {
        guard var batch = batches[id] else { return }
        // one that was never found good has no results
        if batch.counts.total > 0 {
            let code = status == .expired ? "batch_expired" : "batch_cancelled"
            let message =
                status == .expired
                ? "This request could not be executed before the completion window expired."
                : "The batch was cancelled before this request was executed."
            let progress = try await results(of: batch, Unanswered(code: code, message: message), LineTally { _, _ in })
            guard !progress.isCancelled else { return }
            batch.counts = Batch.Counts(progress)
        }
        batch.ending = status
        try publish(batch)
    }

    private func fail(_ id: ItemID, _ fault: Batch.Fault) throws(BatchError) {
        guard var batch = batches[id] else { return }
        batch.faults = [fault]
        batch.ending = .failed
        try publish(batch)
    }

    // MARK: Long work

    private func answer(_ batch: Batch) async {
        busy.insert(batch.id)
        defer {
            busy.remove(batch.id)
            clerk.send()
        }
        let tally = LineTally(settings.count)
        let job = Task { [answerer] in try await results(of: batch, answerer, tally) }
        running = RunningBatch(id: batch.id, tally: tally, job: job)
        let seconds = batch.expires - UnixTime.now
        let timer = Task {
            do { try await Task.sleep(for: .seconds(max(seconds, 0))) } catch { return }
            job.cancel()
        }
        defer { timer.cancel() }
        do {
            let progress = try await withTaskCancellationHandler {
                try await job.value
            } onCancel: {
                job.cancel()
            }
            running = nil
            try await settle(batch.id, progress)
        } catch {
            running = nil
            if let counts = tally.counts { batches[batch.id]?.counts = counts }
            await pause(batch, error)
        }
    }

    /// What a batch comes to after its lines were run, or not all of them. Throws: `BatchError`.
    private func settle(_ id: ItemID, _ progress: BatchProgress) async throws {
        guard var batch = batches[id] else { return }
        batch.counts = Batch.Counts(progress)
        try keep(batch)
        if batch.status == .cancelling {
            try await end(id, as: .cancelled)
        } else if !progress.isCancelled {
            batch.ending = .completed
            batch.become(.finalizing)
            try publish(batch)
        } else if batch.expires <= UnixTime.now {
            try await end(id, as: .expired)
        } else if let failure = (answerer as? EngineAnswerer)?.failure {
            isHalted = true
            settings.logger.error(
                "no more lines of batches are answered; start the server again", metadata: ["reason": "\(failure)"])
        }
    }

    // MARK: Failures

    /// A disk that can't be written may be mended; all else ends the batch.
    private func pause(_ batch: Batch, _ error: any Error) async {
        settings.logger.error("batch stopped", metadata: ["batch": "\(batch.id)", "reason": "\(error)"])
        switch error as? BatchError {
        case .cannotRead(_, reason: .noSuchFileOrDirectory):
            let message = "The input file was taken away while the batch was not finished."
            try? fail(batch.id, Batch.Fault(code: "file_not_found", message: message, param: "input_file_id"))
        case .cannotRead, .cannotWrite, nil:
            try? await Task.sleep(for: .seconds(30))
        case .changed:
            let fault = Batch.Fault(
                code: "model_changed",
                message: """
                    The server was started with another model or other options after this batch was begun. What was \
                    answered before is in the output file; send the other lines in a new batch.
                    """)
            try? fail(batch.id, fault)
        default:
            try? fail(batch.id, .internalError)
        }
    }
}

extension Batch.Fault {
    static let internalError = Batch.Fault(
        code: "internal_error", message: "The server cannot go on with this batch. Its log says why.")
}
