import HTTPTypes
import Hummingbird

/// Lets pages of some other sites read answers; browsers keep them from all others.
struct CrossOrigin: RouterMiddleware {
    typealias Context = ServerContext

    private let origins: [String]
    private let cors = CORSMiddleware<ServerContext>(
        allowOrigin: .originBased,
        allowHeaders: [.contentType, .authorization, FieldNames.requestID, .accept]
            + FieldNames.ofOpenAIClients,
        allowMethods: [.get, .post, .delete, .head, .options],
        exposedHeaders: [FieldNames.requestID.rawName, HTTPField.Name.retryAfter.rawName], maxAge: .seconds(600))

    init(_ origins: [String]) {
        self.origins = origins
    }

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin], origins.contains("*") || origins.contains(origin) else {
            return try await next(request, context)
        }
        return try await cors.handle(request, context: context, next: next)
    }
}
