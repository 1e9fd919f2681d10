#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The results of a batch: a file of lines, its state next to it, and a second file for failures where one is asked for.
///
/// Opened in two steps: the lock first, so that of two runners only one reads on; then ``resume(_:options:shard:restarts:)``
/// with the input. Belongs to one task at a time.
public final class BatchOutput {
    public let path: String
    private let results: ResultFile
    private let failures: ResultFile?
    /// What earlier runs did: one bit for each line of the input.
    private var done: [Bool] = []
    /// Unix time of the batch's first start.
    public private(set) var created = 0
    private(set) var doneCount = 0
    private(set) var failedCount = 0
    private var unsynced = 0
    private var lastSync = ContinuousClock.now

    private static let linesPerSync = 64
    private static let secondsPerSync = Duration.seconds(2)

    /// Where the state of `output` is kept.
    public static func statePath(of output: String) -> String { output + ".state" }
    /// Where the input of `output` is kept when it came by a pipe.
    public static func spoolPath(of output: String) -> String { output + ".input" }

    /// Opens or creates the files and locks them. Throws: `BatchError`.
    public convenience init(_ path: String, errorFile: String? = nil) throws(BatchError) {
        try self.init(path, errorFile: errorFile, followsLinks: true, write: ResultFile.systemWrite)
    }

    /// `write` stands in for the system's.
    package init(
        _ path: String, errorFile: String?, followsLinks: Bool = true,
        write: @escaping ResultFile.Writer = ResultFile.systemWrite
    ) throws(BatchError) {
        self.path = path
        let results = try ResultFile(path, role: "the output", followsLinks: followsLinks, write: write)
        if let errorFile, FileIdentity(path: errorFile)?.isSameFile(as: results.identity) == true {
            throw .samePath(errorFile, roles: ["the output", "--error-file"])
        }
        self.results = results
        failures = try errorFile.map { path throws(BatchError) in
            try ResultFile(path, role: "--error-file", followsLinks: followsLinks, write: write)
        }
    }

    /// Throws: `BatchError.samePath` where `path` is one of the files that are written.
    public func require(_ path: String, isNotWrittenAs role: String) throws(BatchError) {
        let real = FileSystem.canonical(path)
        let identity = FileIdentity(path: path)
        for (file, name) in [(results, "the output"), (failures, "--error-file")] {
            guard let file else { continue }
            if real == FileSystem.canonical(file.path) || identity?.isSameFile(as: file.identity) == true {
                throw .samePath(path, roles: [role, name])
            }
        }
        for other in [Self.statePath(of: self.path), Self.spoolPath(of: self.path)]
        where real == FileSystem.canonical(other) {
            throw .samePath(path, roles: [role, "a file of the batch's own"])
        }
    }

    /// Throws: `BatchError.samePath` where `input` is one of the files that are written.
    public func require(_ input: InputFile, isNotWrittenAs role: String) throws(BatchError) {
        for (file, name) in [(results, "the output"), (failures, "--error-file")] {
            if let file, input.identity.isSameFile(as: file.identity) {
                throw .samePath(input.path, roles: [role, name])
            }
        }
    }

    /// Reads what earlier runs left, cuts off a torn end, and refuses what is not of this batch.
    ///
    /// `options` is whatever the results depend on besides the input, as a text or a hash. Throws: `BatchError`.
    public func resume(
        _ input: BatchInput, options: String, shard: Shard = .whole, restarts: Bool = false
    ) throws(BatchError) {
        let statePath = Self.statePath(of: path)
        let now = BatchState(
            input: input.fingerprint, options: options, shard: shard.description, created: Int(time(nil)))
        if restarts {
            for file in [results, failures].compactMap(\.self) { try file.truncate(to: 0) }
        }
        if !restarts, let state = try BatchState.read(statePath) {
            try state.check(now, output: path)
            created = state.created
        } else {
            for file in [results, failures].compactMap(\.self) where file.size > 0 {
                throw .foreignOutput(path: file.path, state: statePath)
            }
            try now.write(statePath)
            created = now.created
        }
        done = Array(repeating: false, count: input.count)
        doneCount = 0
        failedCount = 0
        for file in [results, failures].compactMap(\.self) {
            var scan = OutputScan(path: file.path, index: input.index, shard: shard, done: done)
            let end = try file.readLines { line, number, offset throws(BatchError) in
                try scan.use(line, number, offset)
            }
            let size = scan.finish(end)
            if size < file.size { try file.truncate(to: size) }
            done = scan.done
            doneCount += scan.doneCount
            failedCount += scan.failedCount
        }
    }

    func isDone(_ place: Int) -> Bool { done[place] }

    /// Adds the result of the line at `place` with one write. Throws: `BatchError.cannotWrite`.
    func append(_ bytes: [UInt8], place: Int, isFailed: Bool) throws(BatchError) {
        try (isFailed ? failures ?? results : results).append(bytes)
        done[place] = true
        doneCount += 1
        if isFailed { failedCount += 1 }
        unsynced += 1
        if unsynced >= Self.linesPerSync { try sync() }
    }

    /// Brings results to disk that have waited for a while. Throws: `BatchError.cannotWrite`.
    func syncIfDue() throws(BatchError) {
        if unsynced > 0, ContinuousClock.now - lastSync >= Self.secondsPerSync { try sync() }
    }

    /// Brings all results to disk. Throws: `BatchError.cannotWrite`.
    public func sync() throws(BatchError) {
        try results.sync()
        try failures?.sync()
        unsynced = 0
        lastSync = .now
    }
}
