import Batches
import HTTPTypes
import Hummingbird
import JSON
import OpenAI

/// `/v1/batches`: files of requests that are answered when there is time.
struct BatchRoutes: Sendable {
    let service: BatchService
    let registry: RequestRegistry
    let bodyLimit: Int

    func create(_ request: Request) async throws -> Response {
        try registry.checkIsOpen()
        let queue = try service.batches()
        let bytes = try await request.json(limit: bodyLimit)
        let body: JSONValue
        do throws(JSONError) { body = try JSONValue(parsing: bytes, limit: bodyLimit) } catch { throw APIError(error) }
        let batch = try await queue.create(BatchRequest(body, endpoints: BatchQueue.endpoints))
        return Response(json: batch.json)
    }

    func list(_ request: Request) async throws -> Response {
        let query = try ListQuery(.batch, limit: 100, standard: 20, request.queryParameter)
        return Response(json: query.page(try await service.batches().all, id: \.id, json: \.json))
    }

    func retrieve(_ context: ServerContext) async throws -> Response {
        Response(json: try await service.batches().batch(context.itemID).json)
    }

    func cancel(_ context: ServerContext) async throws -> Response {
        Response(json: try await service.batches().cancel(context.itemID).json)
    }
}

extension Request {
    func queryParameter(_ name: String) -> String? { uri.queryParameters[name[...]].map(String.init) }
}

extension ServerContext {
    /// What stands in the path in the place of an id.
    var itemID: String { parameters.get("id") ?? "" }
}
