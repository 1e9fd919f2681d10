import Engine
import Hummingbird
import JSON
import OpenAI

/// `/tokenize`, `/detokenize` and `/apply-template`, with llama-server's and vLLM's names.
struct TokenRoutes: Sendable {
    let model: ServedModel
    let bodyLimit: Int

    func tokenize(_ request: Request) async throws -> Response {
        let body = try TokenizeRequest(try await value(request), model: model)
        return Response(json: body.response)
    }

    func detokenize(_ request: Request) async throws -> Response {
        Response(json: try TokenizeRequest.text(try await value(request), model: model))
    }

    func applyTemplate(_ request: Request) async throws -> Response {
        Response(json: try TokenizeRequest.prompt(try await value(request), model: model))
    }

    private func value(_ request: Request) async throws -> JSONValue {
        try JSONValue(parsing: try await request.json(limit: bodyLimit), limit: bodyLimit)
    }
}
