import Engine
import HTTPTypes
import Hummingbird
import JSON
import Logging
import NIOCore
import OpenAI

/// An answer in server-sent events.
struct EventStream: Sendable {
    private let prepared: PreparedRequest
    private let writer: ChunkWriter
    private let place: RequestRegistry.Place
    private let runner: RequestRunner
    private let settings: ServerSettings
    private let context: ServerContext

    init(
        _ prepared: PreparedRequest, _ writer: ChunkWriter, place: RequestRegistry.Place, runner: RequestRunner,
        settings: ServerSettings, context: ServerContext
    ) {
        self.prepared = prepared
        self.writer = writer
        self.place = place
        self.runner = runner
        self.settings = settings
        self.context = context
    }

    private enum Signal: Sendable {
        case event(EngineEvent, prompt: Int)
        case results([EngineResult])
        case failed(APIError)
        case tick
    }

    var response: Response {
        let headers: HTTPFields = [
            .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache",
            FieldNames.accelBuffering: "no",
        ]
        return Response(status: .ok, headers: headers, body: ResponseBody { try await write(to: &$0) })
    }

    /// Throws: where the client is gone; the connection is closed then.
    private func write(to body: inout any ResponseBodyWriter) async throws {
        let (signals, continuation) = AsyncStream<Signal>.makeStream()
        var chunks = writer
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await run(continuation) }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(settings.pingInterval))
                    continuation.yield(.tick)
                }
            }
            var isSilent = false
            var isOver = false
            try await send(chunks.opening(), to: &body)
            events: for await signal in signals {
                switch signal {
                case .event(let event, let prompt):
                    let pieces = chunks.pieces(event, prompt: prompt)
                    guard !pieces.isEmpty else { continue }
                    isSilent = false
                    try await send(pieces, to: &body)
                case .tick:
                    // a comment, for clients and proxies that give up where nothing comes
                    if isSilent { try await body.write(ByteBuffer(string: ":\n\n")) }
                    isSilent = true
                case .results(let results):
                    try await send(chunks.closing(results), to: &body)
                    if prepared.endpoint.endsWithDone { try await body.write(ByteBuffer(string: "data: [DONE]\n\n")) }
                    isOver = true
                    break events
                case .failed(let error):
                    try await send([error.body], to: &body)
                    isOver = true
                    break events
                }
            }
            guard isOver else { throw RequestRunner.ClientIsGone() }
        }
        try await body.finish(nil)
    }

    private func run(_ continuation: AsyncStream<Signal>.Continuation) async throws {
        defer { continuation.finish() }
        do {
            let results = try await runner.run(
                prepared.requests, place: place, context: context, timeout: prepared.timeout
            ) { event, prompt in
                continuation.yield(.event(event, prompt: prompt))
            }
            continuation.yield(.results(results))
            context.logger.info(
                "streamed",
                metadata: [
                    "prompt_tokens": "\(results.reduce(0) { $0 + $1.usage.promptTokens })",
                    "generated_tokens": "\(results.reduce(0) { $0 + $1.usage.generatedTokens })",
                    "ms": "\(Int((ContinuousClock.now - context.arrival) / .milliseconds(1)))",
                ])
        } catch let error as APIError {
            continuation.yield(.failed(error))
        } catch {
            context.logger.info("client gone", metadata: ["endpoint": "\(prepared.endpoint.rawValue)"])
        }
    }

    private func send(_ values: [JSONValue], to body: inout any ResponseBodyWriter) async throws {
        guard !values.isEmpty else { return }
        var bytes: [UInt8] = []
        for value in values {
            bytes += "data: ".utf8
            bytes += value.serialized
            bytes += "\n\n".utf8
        }
        try await body.write(ByteBuffer(bytes: bytes))
    }
}
