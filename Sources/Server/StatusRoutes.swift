import Batches
import Engine
import Foundation
import Gemma
import GGUF
import HTTPTypes
import Hummingbird
import JSON
import OpenAI
import Tokenizer

/// What a server says of itself.
struct StatusRoutes: Sendable {
    let model: ServedModel
    let file: GGUFFile
    let runner: RequestRunner
    let plan: [UInt8]
    let started = UnixTime.now

    /// Whether the process answers at all.
    func health() -> Response { Response(json: ["status": "ok"]) }

    /// Whether requests will be taken: 503 once the server is about to end, or its model file was changed on disk.
    func ready() -> Response {
        let reason: String? =
            if runner.registry.isDraining {
                "shutting down"
            } else if file.bytes.hasChangedOnDisk() {
                "the model file was changed on disk since it was opened; start the server again"
            } else { nil }
        guard let reason else { return Response(json: ["status": "ok"]) }
        return Response(json: ["status": "unavailable", "reason": .string(reason)], status: .serviceUnavailable)
    }

    func metrics() -> Response {
        Response(
            text: runner.metrics.text(runner.engine.statistics), type: "text/plain; version=0.0.4; charset=utf-8")
    }

    func slots() -> Response { Response(json: runner.registry.slots) }

    func planned() -> Response { Response(json: plan) }

    func models() -> Response {
        Response(json: ["object": "list", "data": .array(names.map(entry))])
    }

    /// Throws: `APIError` with status 404.
    func model(_ path: String) throws(APIError) -> Response {
        let name = path.removingPercentEncoding ?? path
        guard names.contains(name) else { throw .modelNotFound(name, available: names) }
        return Response(json: entry(name))
    }

    private var names: [String] { model.names.isEmpty ? [model.displayName] : model.names }

    private func entry(_ name: String) -> JSONValue {
        [
            "id": .string(name), "object": "model", "created": .integer(started), "owned_by": "carat",
            "max_model_len": .integer(model.context),
            "meta": [
                "n_ctx_train": .integer(model.trainedContext), "n_vocab": .integer(model.tokenizer.vocabulary.count),
                "size": .integer(file.bytes.count), "has_chat_template": .bool(model.chatRefusal == nil),
            ],
        ]
    }
}
