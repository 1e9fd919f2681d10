public import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The built `carat serve`, as a user runs it, on a port of its own.
public final class ServerProcess {
    /// It did not come to serve; holds its log.
    public struct NotServing: Error {
        public let log: String
    }

    public let process = Process()
    public private(set) var port = 0
    private let scratch: Scratch

    /// Next to the tests.
    public static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
        path: "carat")

    /// What the program measures stays among the tests.
    private static let cache = FileManager.default.temporaryDirectory.appending(
        path: "carat-served-cache-\(ProcessInfo.processInfo.processIdentifier)")

    /// Waits until it serves.
    ///
    /// - Parameter files: its folder of files; nil for one of its own.
    public init(_ arguments: [String] = [], files: String? = nil, environment: [String: String] = [:]) async throws {
        scratch = try Scratch()
        process.executableURL = Self.program
        process.arguments =
            ["serve", "--port", "0", "--files-dir", files ?? scratch.path("files")] + arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["XDG_CACHE_HOME": Self.cache.path()]) { $1 }.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let log = URL(filePath: scratch.path("log"))
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        let end = Date.now + 60
        while port == 0 {
            guard process.isRunning, Date.now < end else { throw NotServing(log: self.log) }
            try await Task.sleep(for: .milliseconds(20))
            if let match = self.log.firstMatch(of: #/https?://[^ "]*:(\d+)/#) { port = Int(match.1) ?? 0 }
        }
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// What it logged.
    public var log: String { (try? String(contentsOfFile: scratch.path("log"), encoding: .utf8)) ?? "" }

    /// Ends it with a signal, and says with what code it ended.
    @discardableResult
    public func end(_ signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The exit code; nil where it does not end in time.
    public func exit(within seconds: Double) async throws -> Int32? {
        let end = Date.now + seconds
        while process.isRunning, Date.now < end { try await Task.sleep(for: .milliseconds(10)) }
        return process.isRunning ? nil : process.terminationStatus
    }

    /// One request on a connection of its own.
    public func ask(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String] = []
    ) async throws -> HTTPAnswer {
        let connection = try await RawConnection.open(port: port)
        await connection.write(HTTPAnswer.request(method, path, body, headers: headers))
        return try await connection.answer(timeout: 120)
    }
}
