import HTTPTypes
import Hummingbird
import Logging
import OpenAI

/// The outermost layer: gives each request an id, turns every error into the API's shape, counts and logs.
struct OuterMiddleware: RouterMiddleware {
    typealias Context = ServerContext

    let metrics: ServerMetrics
    let routes: RouteTable

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = Self.requestID(request)
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request"] = .string(context.requestID)
        var response: Response
        do {
            response = try await next(request, context)
        } catch is RequestRunner.ClientIsGone {
            // nobody reads it; 499 is what nginx logs then
            response = Response(status: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"))
        } catch is CancellationError {
            response = APIError.unavailable("The server is shutting down.").response
        } catch {
            response = answer(to: error, request, context).response
        }
        response.headers[FieldNames.requestID] = context.requestID
        if response.status == .methodNotAllowed {
            response.headers[.allow] = routes.methods(of: request.uri.path).joined(separator: ", ")
        }
        let route = context.endpointPath ?? "none"
        let status = response.status.code
        metrics.answered(route: route, method: Self.known(request.method), status: status)
        log(request, route: route, status: status, context)
        return response
    }

    private func answer(to error: any Error, _ request: Request, _ context: ServerContext) -> APIError {
        // the router throws a plain 404 also where only the method is wrong
        if let error = error as? HTTPError, error.status == .notFound {
            let allowed = routes.methods(of: request.uri.path)
            return allowed.isEmpty
                ? .notFound(request.method, request.uri.path)
                : .methodNotAllowed(request.method, request.uri.path, allowed: allowed)
        }
        let known = APIError(unknown: error)
        if known.status == 500 { context.logger.error("request failed", metadata: ["error": "\(error)"]) }
        return known
    }

    /// The client's own id where it is a sane one.
    private static func requestID(_ request: Request) -> String {
        if let id = request.headers[FieldNames.requestID], (1...128).contains(id.utf8.count),
            id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            return id
        }
        return String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt32.random(in: 0 ... .max), radix: 36)
    }

    /// Methods are a client's to make up; metrics have those that are known.
    private static func known(_ method: HTTPRequest.Method) -> String {
        [.get, .post, .delete, .head, .options, .put, .patch].contains(method) ? method.rawValue : "other"
    }

    private func log(_ request: Request, route: String, status: Int, _ context: ServerContext) {
        let isProbe = ["/health", "/ready", "/metrics", "/slots"].contains(route)
        let milliseconds = (ContinuousClock.now - context.arrival) / .milliseconds(1)
        context.logger.log(
            level: isProbe ? .debug : .info, "answered",
            metadata: [
                "method": .string(Self.known(request.method)), "route": .string(route), "status": "\(status)",
                "ms": "\(Int(milliseconds))",
            ])
    }
}
