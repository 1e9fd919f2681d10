import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import NIOHTTP1
import OpenAI

extension APIError {
    /// Seconds and whether to try again go into headers that clients of the OpenAI API obey.
    var response: Response {
        var headers: HTTPFields = [.contentType: "application/json; charset=utf-8"]
        if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
        // what is at fault here would be so again
        let isLasting = code.map { [Self.noFilesCode, "request_timeout"].contains($0) } ?? false
        if [409, 500, 507].contains(status) || isLasting { headers[FieldNames.shouldRetry] = "false" }
        if status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        return Response(json: body, status: HTTPResponse.Status(code: status), headers: headers)
    }

    /// What a client is told of any error.
    init(unknown error: any Error) {
        switch error {
        case let error as APIError:
            self = error
        case let error as JSONError:
            self = APIError(error)
        case let error as HTTPParserError:
            self = APIError(error)
        case let error as HTTPError:
            self = APIError(
                status: error.status.code, message: error.body ?? error.status.reasonPhrase,
                type: error.status.code < 500 ? "invalid_request_error" : "server_error")
        default:
            self = .server("The server failed in a way that it does not know. Its log says more.")
        }
    }

    /// 431 where there is too much of head or trailers, else 400.
    init(_ error: HTTPParserError) {
        self =
            error == .headerOverflow
            ? APIError(
                status: 431, message: "The request's path or headers are too long. Send 16 KiB each at most.",
                type: "invalid_request_error")
            : .invalid("The request is not HTTP as RFC 9112 has it (\(error)).")
    }

    static func notFound(_ method: HTTPRequest.Method, _ path: String) -> APIError {
        APIError(
            status: 404, message: "There is no \(method.rawValue) \(shown(path)) here. See /v1/models and the README.",
            type: "invalid_request_error", code: "unknown_url")
    }

    static func methodNotAllowed(_ method: HTTPRequest.Method, _ path: String, allowed: [String]) -> APIError {
        APIError(
            status: 405,
            message: "\(shown(path)) does not take \(method.rawValue). Send \(allowed.joined(separator: " or ")).",
            type: "invalid_request_error", code: "method_not_allowed")
    }

    private static let noFilesCode = "files_unavailable"

    /// 503: the server has no place for files.
    static func noFiles(_ reason: String) -> APIError {
        APIError(
            status: 503, message: "This server has no files and batches: \(reason)", type: "service_unavailable",
            code: noFilesCode)
    }

    static func unsupportedMediaType(_ message: String) -> APIError {
        APIError(status: 415, message: message, type: "invalid_request_error", code: "unsupported_media_type")
    }
}

extension Response {
    init(json value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        self.init(json: value.serialized, status: status, headers: headers)
    }

    init(json bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    init(text: String, type: String) {
        self.init(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
