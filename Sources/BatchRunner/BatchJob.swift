internal import SystemPackage

/// Runs the lines of a batch that have no result yet.
public struct BatchJob: Sendable {
    public let input: BatchInput
    public let shard: Shard
    /// Lines that are answered at once.
    public let concurrency: Int

    public init(_ input: BatchInput, shard: Shard = .whole, concurrency: Int) {
        precondition(concurrency > 0, "a batch answers at least one line at a time, not \(concurrency)")
        self.input = input
        self.shard = shard
        self.concurrency = concurrency
    }

    private enum Event: Sendable {
        case tick
        case answer(BatchAnswer, place: Int, customID: String)
        case fault(LineFault, place: Int)
    }

    /// Answers line after line and writes each result as it comes; returns when all are written.
    ///
    /// `output` has been resumed with the same input and shard. A cancelled task writes what is complete and returns with
    /// `isCancelled`. `report` hears of each result, and every second. Throws: `BatchError`; what was written until
    /// then is whole and on disk as far as the disk allows.
    public func run(
        _ answerer: any BatchAnswering, output: BatchOutput,
        report: (BatchProgress) -> Void = { _ in }
    ) async throws(BatchError) -> BatchProgress {
        let entries = input.index.entries
        var order = PrefixOrder.sorted(entries) { shard.owns(entries[$0].id) && !output.isDone($0) }[...]
        var run = Run(start: .now, output: output)
        run.progress.total = output.doneCount + order.count
        run.progress.resumed = output.doneCount
        run.progress.bytes = order.reduce(0) { $0 + Int(entries[Int($1)].length) }
        run.update()
        report(run.progress)
        do {
            try await withThrowingTaskGroup(of: Event.self) { group in
                var running = 0
                func fill() {
                    while running < concurrency, !Task.isCancelled, let place = order.popFirst() {
                        start(Int(place), answerer, created: output.created, in: &group)
                        running += 1
                    }
                }
                tick(in: &group)
                fill()
                while running > 0, let event = try await group.next() {
                    switch event {
                    case .tick:
                        if !Task.isCancelled { tick(in: &group) }
                    case .answer(.cancelled, _, _):
                        running -= 1
                    case .answer(let answer, let place, let customID):
                        running -= 1
                        try run.write(answer, entries[place], place, customID)
                    case .fault(let fault, let place):
                        running -= 1
                        try run.write(fault, entries[place], place)
                    }
                    try output.syncIfDue()
                    fill()
                    run.update()
                    report(run.progress)
                }
                group.cancelAll()
            }
        } catch {
            try? output.sync()
            throw error as? BatchError ?? .cannotWrite(path: output.path, reason: .ioError)
        }
        try output.sync()
        run.update()
        run.progress.isCancelled = run.progress.done < run.progress.total
        report(run.progress)
        return run.progress
    }

    private func start(
        _ place: Int, _ answerer: any BatchAnswering, created: Int, in group: inout ThrowingTaskGroup<Event, any Error>
    ) {
        group.addTask { [input] in
            switch try input.read(place, created: created) {
            case .success(let line): .answer(await answerer.answer(line), place: place, customID: line.customID)
            case .failure(let fault): .fault(fault, place: place)
            }
        }
    }

    private func tick(in group: inout ThrowingTaskGroup<Event, any Error>) {
        group.addTask {
            try? await Task.sleep(for: .seconds(1))
            return .tick
        }
    }

    /// The books of one run.
    private struct Run {
        let start: ContinuousClock.Instant
        let output: BatchOutput
        var progress = BatchProgress()

        mutating func update() {
            progress.done = output.doneCount
            progress.failed = output.failedCount
            progress.seconds = (ContinuousClock.now - start) / .seconds(1)
        }

        mutating func write(
            _ answer: BatchAnswer, _ entry: LineEntry, _ place: Int, _ customID: String
        ) throws(BatchError) {
            let (bytes, isFailed) = ResultLine.encode(answer, number: Int(entry.number), customID: customID)
            try output.append(bytes, place: place, isFailed: isFailed)
            progress.count(answer)
            progress.doneBytes += Int(entry.length)
        }

        mutating func write(_ fault: LineFault, _ entry: LineEntry, _ place: Int) throws(BatchError) {
            let bytes = ResultLine.encode(fault, number: Int(entry.number))
            try output.append(bytes, place: place, isFailed: true)
            progress.doneBytes += Int(entry.length)
        }
    }
}
