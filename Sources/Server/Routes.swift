import Engine
import GGUF
import HTTPTypes
import Hummingbird
import OpenAI

/// Everything that can be asked for over HTTP.
struct Routes {
    private let generation: GenerationRoutes
    private let tokens: TokenRoutes
    private let status: StatusRoutes
    private let files: FileRoutes
    private let batches: BatchRoutes
    private let settings: ServerSettings
    private let metrics: ServerMetrics

    init(
        model: ServedModel, file: GGUFFile, runner: RequestRunner, batches: BatchService, settings: ServerSettings,
        fingerprint: String
    ) {
        generation = GenerationRoutes(model: model, runner: runner, settings: settings, fingerprint: fingerprint)
        tokens = TokenRoutes(model: model, bodyLimit: settings.bodyLimit)
        status = StatusRoutes(model: model, file: file, runner: runner, plan: settings.plan)
        files = FileRoutes(service: batches, registry: runner.registry)
        self.batches = BatchRoutes(service: batches, registry: runner.registry, bodyLimit: settings.bodyLimit)
        metrics = runner.metrics
        self.settings = settings
    }

    private typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

    private struct Route {
        let method: HTTPRequest.Method
        let path: String
        let handler: Handler

        init(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
            (self.method, self.path, self.handler) = (method, path, handler)
        }
    }

    private var all: [Route] {
        [
            Route(.get, "/health") { _, _ in status.health() },
            Route(.get, "/ready") { _, _ in status.ready() },
            Route(.get, "/metrics") { _, _ in status.metrics() },
            Route(.get, "/slots") { _, _ in status.slots() },
            Route(.get, "/plan") { _, _ in status.planned() },
            Route(.get, "/") { _, _ in ChatPage.response },
            Route(.post, "/tokenize") { request, _ in try await tokens.tokenize(request) },
            Route(.post, "/detokenize") { request, _ in try await tokens.detokenize(request) },
            Route(.post, "/apply-template") { request, _ in try await tokens.applyTemplate(request) },
            Route(.post, "/completion") { try await generation.answer(.llamaCompletion, $0, $1) },
        ]
            + withoutVersion([
                Route(.get, "/v1/models") { _, _ in status.models() },
                // names may have slashes
                Route(.get, "/v1/models/**") { _, context in
                    try status.model(context.parameters.getCatchAll().joined(separator: "/"))
                },
                Route(.post, "/v1/chat/completions") { try await generation.answer(.chatCompletions, $0, $1) },
                Route(.post, "/v1/completions") { try await generation.answer(.completions, $0, $1) },
                Route(.post, "/v1/embeddings") { try await generation.answer(.embeddings, $0, $1) },
                Route(.post, "/v1/score") { try await generation.answer(.score, $0, $1) },
                Route(.post, "/v1/files") { request, _ in try await files.create(request) },
                Route(.get, "/v1/files") { request, _ in try files.list(request) },
                Route(.get, "/v1/files/{id}") { _, context in try files.retrieve(context) },
                Route(.delete, "/v1/files/{id}") { _, context in try files.delete(context) },
                Route(.get, "/v1/files/{id}/content") { _, context in try files.content(context) },
                Route(.post, "/v1/batches") { request, _ in try await batches.create(request) },
                Route(.get, "/v1/batches") { request, _ in try await batches.list(request) },
                Route(.get, "/v1/batches/{id}") { _, context in try await batches.retrieve(context) },
                Route(.post, "/v1/batches/{id}/cancel") { _, context in try await batches.cancel(context) },
            ])
    }

    /// Clients whose base address lacks the version are many.
    private func withoutVersion(_ routes: [Route]) -> [Route] {
        routes + routes.map { Route($0.method, String($0.path.dropFirst("/v1".count)), $0.handler) }
    }

    func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        var table = RouteTable()
        for route in all { table.add(route.method, route.path) }
        // outside of what makes errors answers, so that pages can read those too
        if !settings.corsOrigins.isEmpty { router.add(middleware: CrossOrigin(settings.corsOrigins)) }
        router.add(middleware: OuterMiddleware(metrics: metrics, routes: table))
        router.add(middleware: AccessMiddleware(settings))
        for route in all { router.on(RouterPath(route.path), method: route.method, use: route.handler) }
        return router
    }
}
