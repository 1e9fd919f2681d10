import Batches
import HTTPTypes
import Hummingbird
import NIOCore
import OpenAI

/// What computes: completions, chat, embeddings and scores, whole or in pieces.
struct GenerationRoutes: Sendable {
    let model: ServedModel
    let runner: RequestRunner
    let settings: ServerSettings
    let fingerprint: String

    /// All that can be refused is refused before the 200 is sent.
    func answer(_ endpoint: Endpoint, _ request: Request, _ context: ServerContext) async throws -> Response {
        // before the body is read, so that a full server says so at once
        try runner.registry.check()
        let bytes = try await request.json(limit: settings.bodyLimit)
        let prepared = try PreparedRequest(endpoint, bytes: bytes, limit: settings.bodyLimit, model: model)
        let place = try runner.admit(prepared.requests, endpoint: endpoint.rawValue, context: context)
        let stamp = stamp(context)
        if let writer = ChunkWriter(prepared, stamp: stamp) {
            return EventStream(prepared, writer, place: place, runner: runner, settings: settings, context: context)
                .response
        }
        let results = try await runner.run(
            prepared.requests, place: place, context: context, timeout: prepared.timeout)
        return Response(json: try prepared.response(to: results, stamp: stamp))
    }

    private func stamp(_ context: ServerContext) -> ResponseStamp {
        var stamp = ResponseStamp(
            id: context.requestID, created: UnixTime.now, model: model.displayName, fingerprint: fingerprint)
        stamp.showsCachedTokens = true
        stamp.showsTimings = true
        return stamp
    }
}
