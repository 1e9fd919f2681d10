import JSON
import TestSupport
import Testing

/// Every route, asked as it should be and with what is not its own.
@Suite struct RouteTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let method: String
        let path: String
        var body: String?
        var status = 200
        var type = "application/json; charset=utf-8"
        /// Members that the answer has.
        var members: [String] = []

        var testDescription: String { "\(method) \(path)" }
    }

    static let cases: [Case] = [
        Case(method: "GET", path: "/health", members: ["status"]),
        Case(method: "GET", path: "/ready", members: ["status"]),
        Case(method: "GET", path: "/metrics", type: "text/plain; version=0.0.4; charset=utf-8"),
        Case(method: "GET", path: "/slots"),
        Case(method: "GET", path: "/plan", members: ["weights"]),
        Case(method: "GET", path: "/", type: "text/html; charset=utf-8"),
        Case(method: "GET", path: "/v1/models", members: ["object", "data"]),
        Case(method: "GET", path: "/models", members: ["object", "data"]),
        Case(method: "GET", path: "/v1/models/sample", members: ["id", "object", "created", "owned_by", "meta"]),
        Case(method: "POST", path: "/tokenize", body: #"{"content":"a sea"}"#, members: ["tokens"]),
        Case(method: "POST", path: "/detokenize", body: #"{"tokens":[300,301]}"#, members: ["content"]),
        Case(
            method: "POST", path: "/apply-template", body: #"{"messages":[{"role":"user","content":"a"}]}"#,
            members: ["prompt"]),
        Case(
            method: "POST", path: "/completion", body: #"{"prompt":"a","n_predict":2}"#,
            members: ["content", "timings", "tokens_predicted", "tokens_evaluated", "stop"]),
        Case(
            method: "POST", path: "/v1/completions", body: #"{"prompt":"a","max_tokens":2}"#,
            members: ["id", "object", "created", "model", "choices", "usage", "timings", "system_fingerprint"]),
        Case(method: "POST", path: "/completions", body: #"{"prompt":"a","max_tokens":2}"#, members: ["choices"]),
        Case(
            method: "POST", path: "/v1/chat/completions",
            body: #"{"messages":[{"role":"user","content":"a"}],"max_tokens":2}"#,
            members: ["id", "object", "created", "model", "choices", "usage"]),
        Case(
            method: "POST", path: "/chat/completions",
            body: #"{"messages":[{"role":"user","content":"a"}],"max_tokens":2}"#, members: ["choices"]),
        Case(method: "POST", path: "/v1/embeddings", body: #"{"input":"a"}"#, members: ["object", "data", "usage"]),
        Case(method: "POST", path: "/embeddings", body: #"{"input":["a","b"]}"#, members: ["data"]),
        Case(method: "POST", path: "/v1/score", body: #"{"prompt":"a sea"}"#, members: ["usage"]),
        Case(method: "POST", path: "/score", body: #"{"prompt":"a sea"}"#, members: ["usage"]),
    ]

    @Test(arguments: cases) func answers(_ route: Case) async throws {
        let server = try await TestServer.shared.value
        let answer = try await server.ask(route.method, route.path, route.body)
        #expect(answer.status == route.status, "\(answer.text.prefix(300))")
        #expect(answer.headers["content-type"] == route.type)
        #expect(answer.headers["x-request-id"]?.isEmpty == false)
        for member in route.members {
            #expect(answer.json[member] != nil, "no \(member) in \(answer.text.prefix(300))")
        }
    }

    @Test(arguments: cases) func otherMethodsAreRefused(_ route: Case) async throws {
        let server = try await TestServer.shared.value
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] where method != route.method {
            let answer = try await server.ask(method, route.path, route.body)
            #expect(answer.status == 405, "\(method) \(route.path)")
            #expect(answer.error["code"]?.string == "method_not_allowed")
            #expect(answer.error["message"]?.string?.contains(route.method) == true)
        }
    }

    @Test func headIsGetWithoutBody() async throws {
        let answer = try await TestServer.shared.value.ask("HEAD", "/health")
        #expect(answer.status == 200)
        #expect(answer.headers["content-length"] == "15")
    }

    static let strangers = [
        "/v2/models", "/v1/images/generations", "/v1/chat", "/v1/completions/x", "/nothing", "/../etc/passwd",
        "//../..", "/v1/models/unknown", "/%00", "/v1/%2e%2e/health",
    ]

    @Test(arguments: strangers) func otherPathsAreNotFound(_ path: String) async throws {
        let answer = try await TestServer.shared.value.get(path)
        #expect(answer.status == 404, "\(answer.text.prefix(200))")
        expectError(answer, type: "invalid_request_error")
    }

    @Test func anIDOfTheClientsComesBack() async throws {
        let server = try await TestServer.shared.value
        let given = try await server.get("/health", headers: ["X-Request-Id: abc-1"])
        #expect(given.headers["x-request-id"] == "abc-1")
        // one that could forge lines of a log does not
        let long = try await server.get("/health", headers: ["X-Request-Id: " + String(repeating: "a", count: 200)])
        #expect((long.headers["x-request-id"] ?? "").utf8.count < 40)
    }
}

/// Errors always have the four keys.
func expectError(
    _ answer: HTTPAnswer, type: String? = nil, code: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = answer.error
    #expect((error["message"]?.string ?? "").count > 10, "\(answer.text.prefix(300))", sourceLocation: sourceLocation)
    #expect(error["type"]?.string != nil, sourceLocation: sourceLocation)
    #expect(error["param"] != nil && error["code"] != nil, "\(answer.text.prefix(300))", sourceLocation: sourceLocation)
    if let type { #expect(error["type"]?.string == type, sourceLocation: sourceLocation) }
    if let code { #expect(error["code"]?.string == code, sourceLocation: sourceLocation) }
}
