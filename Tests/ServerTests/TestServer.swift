import Engine
import Foundation
import GGUF
import Gemma
import JSON
import Logging
import OpenAI
import Server
import Synchronization
import TestSupport

/// A server in this process, on a port of its own.
final class TestServer: Sendable {
    let port: Int
    let log: LogLines
    let engine: Engine
    private let task: Task<Void, any Error>

    enum Kind {
        /// The model that Carat carries, with Gemma's turns: sensible words, 1024 tokens of context.
        case tiny
        /// The same as it is, a base model.
        case base
        /// Random weights and a context in which a request can run for many seconds.
        case endless
        case file(String)
    }

    /// One for all tests that only ask.
    static let shared = Task { try await TestServer() }

    init(
        _ kind: Kind = .tiny, parallel: Int = 2, names: [String] = [],
        _ change: (inout ServerSettings) -> Void = { _ in }
    ) async throws {
        let model =
            switch kind {
            case .tiny, .base: try GemmaModel(try EmbeddedModel.open())
            case .endless: try GemmaModel(try Self.endless.get())
            case .file(let path): try GemmaModel(try GGUFFile(path: path))
            }
        var engineSettings = EngineSettings()
        engineSettings.sequences = parallel
        let engine = try Engine(model, settings: engineSettings)
        let log = LogLines()
        var settings = ServerSettings(logger: Logger(label: "test") { _ in LineLogHandler(lines: log) })
        settings.port = 0
        settings.plan = Array(#"{"weights":[]}"#.utf8)
        change(&settings)
        let template: ServedModel.TemplateChoice = if case .base = kind { .file } else { .gemma }
        let server = CaratServer(
            model,
            served: try ServedModel(
                engine, names: names, displayName: "sample", template: template),
            engine: engine, parallel: parallel, fingerprint: "fp_test", settings: settings)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let task = Task {
            defer { continuation.finish() }
            try await server.run { continuation.yield($0) }
        }
        guard let port = await ports.first(where: { _ in true }) else {
            try await task.value
            throw CancellationError()
        }
        (self.port, self.log, self.engine, self.task) = (port, log, engine, task)
    }

    private static let endless = Result {
        var random = RandomModel()
        random.contextLength = 1 << 16
        return try random.file()
    }

    /// As SIGTERM does it.
    func shutDown() { task.cancel() }

    func ended() async throws { try await task.value }

    func stop() async throws {
        shutDown()
        try await ended()
    }

    func connect(receiveBuffer: Int32? = nil) async throws -> RawConnection {
        try await RawConnection.open(port: port, receiveBuffer: receiveBuffer)
    }

    /// One request on a connection of its own.
    func ask(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String] = [], timeout: Double = 60
    ) async throws -> HTTPAnswer {
        let connection = try await connect()
        await connection.write(Self.request(method, path, body, headers: headers + ["Connection: close"]))
        return try await connection.answer(timeout: timeout, isToHEAD: method == "HEAD")
    }

    func get(_ path: String, headers: [String] = []) async throws -> HTTPAnswer {
        try await ask("GET", path, headers: headers)
    }

    func post(_ path: String, _ body: String, headers: [String] = []) async throws -> HTTPAnswer {
        try await ask("POST", path, body, headers: headers)
    }

    static func request(_ method: String, _ path: String, _ body: String? = nil, headers: [String] = []) -> String {
        HTTPAnswer.request(method, path, body, headers: headers)
    }

    /// Generations that the engine works on.
    var running: Int { engine.statistics.running }
    /// Those that wait for it.
    var waiting: Int { engine.statistics.waiting }

    /// Waits until nothing runs or waits; false where that takes longer.
    func isIdle(within seconds: Double) async throws -> Bool {
        let end = Date.now + seconds
        while Date.now < end {
            if running + waiting == 0 { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    /// Waits until something runs in the engine.
    func runs(_ count: Int = 1, within seconds: Double = 10) async throws -> Bool {
        let end = Date.now + seconds
        while Date.now < end {
            if running + waiting >= count { return true }
            try await Task.sleep(for: .milliseconds(2))
        }
        return false
    }

    /// A metric's value, 0 where it is not there yet.
    func metric(_ line: String) async throws -> Double {
        let text = try await get("/metrics").text
        return text.split(separator: "\n").first { $0.hasPrefix(line + " ") }
            .flatMap { Double($0.split(separator: " ").last ?? "") } ?? 0
    }
}

/// What a server logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

struct LineLogHandler: LogHandler {
    let lines: LogLines
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        lines.add("\(event.level) \(event.message) " + all.map { "\($0.key)=\($0.value)" }.joined(separator: " "))
    }
}
