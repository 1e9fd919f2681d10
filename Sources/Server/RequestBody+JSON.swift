import HTTPTypes
import Hummingbird
import NIOCore
import OpenAI

extension Request {
    /// The bytes of a JSON body.
    ///
    /// Throws: `APIError` with status 413 for more than `limit` bytes, where the head says so before any is read, and 415
    /// for what is no plain JSON.
    func json(limit: Int) async throws -> [UInt8] {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw APIError.unsupportedMediaType(
                "The body has the Content-Encoding \(APIError.shown(encoding)). Send it as it is.")
        }
        if let type = headers[.contentType] {
            let name = type.split { $0 == ";" || $0.isWhitespace }.first?.lowercased() ?? ""
            guard name == "application/json" || name.hasSuffix("+json") else {
                throw APIError.unsupportedMediaType(
                    "The body has the Content-Type \(APIError.shown(type)). Send application/json.")
            }
        }
        return Array(buffer: try await bytes(limit: limit))
    }

    /// Throws: `APIError` with status 413.
    func bytes(limit: Int) async throws -> ByteBuffer {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw APIError.bodyTooLarge(limit: limit)
        }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.bodyTooLarge(limit: limit)
        }
    }
}
