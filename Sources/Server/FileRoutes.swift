import BatchRunner
import Batches
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import OpenAI

/// `/v1/files`: the lines of batches, and their results.
struct FileRoutes: Sendable {
    let service: BatchService
    let registry: RequestRegistry

    /// What a form may have besides the file.
    private static let formOverhead = 1 << 20

    func create(_ request: Request) async throws -> Response {
        try registry.checkIsOpen()
        let store = try service.files()
        let limit = store.limits.file + Self.formOverhead
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw APIError.fileTooLarge(limit: store.limits.file)
        }
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw APIError.unsupportedMediaType(
                "The body has the Content-Encoding \(APIError.shown(encoding)). Send it as it is.")
        }
        let type = request.headers[.contentType] ?? ""
        guard let boundary = MultipartHead.boundary(of: type) else {
            throw APIError.unsupportedMediaType(
                "The body has the Content-Type \(APIError.shown(type)). Send multipart/form-data with a boundary.")
        }
        var form = FileForm(boundary: boundary, store: store)
        var received = 0
        do {
            for try await buffer in request.body {
                received += buffer.readableBytes
                guard received <= limit else { throw APIError.fileTooLarge(limit: store.limits.file) }
                try form.take(buffer.readableBytesView)
            }
        } catch let error as APIError {
            throw error
        } catch {
            // the body broke off
            throw RequestRunner.ClientIsGone()
        }
        return Response(json: try await form.finish().json)
    }

    func list(_ request: Request) throws -> Response {
        let query = try ListQuery(.file, limit: 10_000, standard: 10_000, request.queryParameter)
        let purpose = request.queryParameter("purpose")
        let files = try service.files().all.filter { purpose == nil || $0.purpose.rawValue == purpose }
        return Response(json: query.page(files, id: \.id, json: \.json))
    }

    func retrieve(_ context: ServerContext) throws -> Response {
        Response(json: try service.files().file(context.itemID).json)
    }

    func delete(_ context: ServerContext) throws -> Response {
        let file = try service.files().delete(context.itemID)
        return Response(json: ["id": .string(file.id.description), "object": "file", "deleted": true])
    }

    /// Read as fast as the client takes it.
    func content(_ context: ServerContext) throws -> Response {
        let store = try service.files()
        let file = try store.file(context.itemID)
        let content = try store.open(file)
        let headers: HTTPFields = [
            .contentType: "application/octet-stream", .contentLength: "\(file.bytes)",
            .contentDisposition: "attachment; filename=\"\(file.id).jsonl\"", .xContentTypeOptions: "nosniff",
        ]
        let body = ResponseBody(contentLength: file.bytes) { writer in
            var offset = 0
            while offset < file.bytes {
                let bytes = try content.bytes(at: offset, count: min(Self.chunk, file.bytes - offset))
                // a file of ours never shrinks; who cuts it by hand breaks the answer off
                guard !bytes.isEmpty else { throw RequestRunner.ClientIsGone() }
                offset += bytes.count
                try await writer.write(ByteBuffer(bytes: bytes))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private static let chunk = 256 << 10
}
