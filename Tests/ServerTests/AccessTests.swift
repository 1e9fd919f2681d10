import JSON
import Server
import TestSupport
import Testing

extension LoneTests {
    /// Who may ask.
    @Suite struct AccessTests {
        @Test func keys() async throws {
            let server = try await TestServer { $0.apiKeys = ["first-key", "second-key"] }
            func status(_ headers: String..., path: String = "/v1/models") async throws -> Int {
                let answer = try await server.get(path, headers: headers)
                if answer.status == 401 { expectError(answer, code: "invalid_api_key") }
                return answer.status
            }
            #expect(try await status() == 401)
            #expect(try await status("Authorization: Bearer wrong") == 401)
            #expect(try await status("Authorization: first-key") == 401)
            #expect(try await status("Authorization: Basic first-key") == 401)
            #expect(try await status("Authorization: Bearer first-key") == 200)
            #expect(try await status("Authorization: bearer second-key") == 200)
            #expect(try await status("Authorization: Bearer \(String(repeating: "k", count: 10_000))") == 401)
            #expect(try await status(path: "/v1/models?api_key=first-key") == 401, "addresses get into logs")
            for path in ["/metrics", "/slots", "/plan"] { #expect(try await status(path: path) == 401) }
            for path in ["/health", "/ready", "/"] { #expect(try await status(path: path) == 200) }
            #expect(!server.log.text.contains("first-key"))
            try await server.stop()
        }

        /// Also a name that an attacker points to this machine does not make his page a local one.
        @Test func pagesOfOtherSitesAreKeptOut() async throws {
            let server = try await TestServer.shared.value
            let answer = try await server.get("/v1/models", headers: ["Origin: https://evil.example"])
            #expect(answer.status == 403)
            expectError(answer, code: "origin_not_allowed")
            #expect(try await server.get("/v1/models", headers: ["Origin: http://localhost:3000"]).status == 200)
            let preflight = try await server.ask(
                "OPTIONS", "/v1/completions",
                headers: ["Origin: https://evil.example", "Access-Control-Request-Method: POST"])
            #expect(preflight.status >= 400)
            #expect(preflight.headers["access-control-allow-origin"] == nil)
        }

        @Test func namesOfOtherMachinesAreKeptOut() async throws {
            let server = try await TestServer.shared.value
            for (host, status) in [
                ("evil.example", 403), ("127.0.0.1:1", 200), ("[::1]:8", 200), ("evil.localhost.example:8", 403),
            ] {
                let connection = try await server.connect()
                await connection.write("GET /v1/models HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                let answer = try await connection.answer()
                #expect(answer.status == status, "\(host)")
                if status == 403 { expectError(answer, code: "host_not_allowed") }
            }
        }

        @Test func originsThatAreNamedMayRead() async throws {
            let server = try await TestServer { $0.corsOrigins = ["https://app.example"] }
            let answer = try await server.get("/v1/models", headers: ["Origin: https://app.example"])
            #expect(answer.status == 200)
            #expect(answer.headers["access-control-allow-origin"] == "https://app.example")
            let preflight = try await server.ask(
                "OPTIONS", "/v1/chat/completions",
                headers: [
                    "Origin: https://app.example", "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: content-type, authorization",
                ])
            #expect((200..<300).contains(preflight.status))
            #expect(preflight.headers["access-control-allow-headers"]?.lowercased().contains("authorization") == true)
            let other = try await server.get("/v1/models", headers: ["Origin: https://evil.example"])
            #expect(other.headers["access-control-allow-origin"] == nil)
            // errors can be read too, else pages see a failure of the network
            let wrong = try await server.get("/v1/nothing", headers: ["Origin: https://app.example"])
            #expect(wrong.status == 404)
            try await server.stop()
        }

        @Test func namesOfTheModel() async throws {
            let server = try await TestServer(names: ["org/sea"]) { _ in }
            func ask(_ member: String) async throws -> HTTPAnswer {
                try await server.post("/v1/completions", #"{"prompt":"a","max_tokens":1\#(member)}"#)
            }
            #expect(try await ask(#","model":"org/sea""#).json["model"]?.string == "org/sea")
            let wrong = try await ask(#","model":"gpt-4""#)
            #expect(wrong.status == 404)
            expectError(wrong, code: "model_not_found")
            #expect(try await ask("").status == 400)
            #expect(try await server.get("/v1/models/org/sea").status == 200)
            #expect(try await server.get("/v1/models/org%2Fsea").status == 200)
            #expect(try await server.get("/v1/models/sea").status == 404)
            try await server.stop()
        }

        @Test func promptsStayOutOfTheLog() async throws {
            let server = try await TestServer()
            _ = try await server.post("/v1/completions", #"{"prompt":"xyzzysecret","max_tokens":3}"#)
            _ = try await server.post("/v1/completions", #"{"prompt":"xyzzysecret","max_tokens":3,"stream":true}"#)
            _ = try await server.post("/v1/completions", #"{"prompt":"xyzzysecret","temperature":9}"#)
            _ = try await server.post("/v1/xyzzysecret", "{}")
            try await server.stop()
            #expect(server.log.text.contains("status=200"))
            #expect(!server.log.text.contains("xyzzysecret"))
        }
    }
}
