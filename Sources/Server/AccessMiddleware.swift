import Crypto
import HTTPTypes
import Hummingbird
import OpenAI

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Lets in who has a key, and no pages of foreign sites.
struct AccessMiddleware: RouterMiddleware {
    typealias Context = ServerContext

    /// Digests are compared, which takes as long for a wrong key as for a right one.
    private let keys: [[UInt8]]
    private let isLocal: Bool
    private let origins: [String]

    /// What may be asked without a key, for balancers and browsers.
    private static let open: Set<String> = ["/health", "/ready", "/", "/v1/health"]

    init(_ settings: ServerSettings) {
        keys = settings.apiKeys.map(Self.digest)
        isLocal = settings.isLocal
        origins = settings.corsOrigins
    }

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        try checkOrigin(request)
        if !Self.open.contains(request.uri.path) {
            try checkHost(request)
            try checkKey(request)
        }
        return try await next(request, context)
    }

    private func checkKey(_ request: Request) throws(APIError) {
        guard !keys.isEmpty else { return }
        guard let header = request.headers[.authorization] else {
            throw .unauthorized("The request has no API key. Send one in the header `Authorization: Bearer KEY`.")
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw .unauthorized("The header `Authorization` is not of the form `Bearer KEY`.")
        }
        let digest = Self.digest(String(parts[1]))
        var isKnown = false
        for key in keys where Self.isSame(key, digest) { isKnown = true }
        guard isKnown else { throw .unauthorized("The API key is not one of this server's.") }
    }

    private static func digest(_ key: String) -> [UInt8] { Array(SHA256.hash(data: Array(key.utf8))) }

    private static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// A site whose name points to this machine can read from it by that name without saying where it comes from.
    private func checkHost(_ request: Request) throws(APIError) {
        guard isLocal, keys.isEmpty, let authority = request.head.authority else { return }
        let end = authority.firstIndex(of: authority.hasPrefix("[") ? "]" : ":")
        let name = authority[..<(end ?? authority.endIndex)].drop { $0 == "[" }
        guard !ServerSettings.isLoopback(name.lowercased()) else { return }
        throw APIError(
            status: 403,
            message: """
                This server is for its own machine, and \(APIError.shown(authority)) is another's name. Ask for localhost or \
                127.0.0.1, have a proxy send `Host: localhost`, or start the server with --api-key-file.
                """,
            type: "permission_error", code: "host_not_allowed")
    }

    /// A page of a site that had its name pointed to this machine must not command a server that trusts whoever can reach
    /// it: where only this machine can, pages have to come from it too.
    private func checkOrigin(_ request: Request) throws(APIError) {
        guard isLocal, keys.isEmpty, let origin = request.headers[.origin], !origins.contains("*"),
            !origins.contains(origin)
        else { return }
        let host = URL(string: origin)?.host ?? ""
        guard ServerSettings.isLoopback(host) else {
            throw APIError(
                status: 403,
                message:
                    "Pages of \(APIError.shown(origin)) may not use this server. Start it with --cors-origin to allow it.",
                type: "permission_error", code: "origin_not_allowed")
        }
    }
}

extension APIError {
    fileprivate static func unauthorized(_ message: String) -> APIError {
        APIError(status: 401, message: message, type: "invalid_request_error", code: "invalid_api_key")
    }
}
