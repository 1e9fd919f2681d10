import Foundation
import JSON
import Server
import TestSupport
import Testing

extension LoneTests {
    /// The end of a server, as SIGTERM begins it.
    @Suite struct DrainTests {
        private static func body(_ tokens: Int) -> String {
            #"{"prompt":"a","max_tokens":\#(tokens),"ignore_eos":true,"stream":true}"#
        }

        @Test func whatRunsMayEnd() async throws {
            let server = try await TestServer(.endless, parallel: 2) { $0.drainTimeout = 120 }
            let running = try await server.connect()
            let kept = try await server.connect()
            await kept.write(TestServer.request("GET", "/ready"))
            #expect(try await kept.answer().status == 200)
            await running.write(TestServer.request("POST", "/v1/completions", Self.body(3000)))
            #expect(try await server.runs())
            server.shutDown()
            try await Task.sleep(for: .milliseconds(50))
            // who asks now is told, until the last one is done
            let ready = try await server.get("/ready")
            #expect(ready.status == 503)
            #expect(ready.json["reason"]?.string == "shutting down")
            let refused = try await server.post("/v1/completions", Self.body(1))
            #expect(refused.status == 503)
            expectError(refused, type: "service_unavailable")
            #expect(refused.headers["retry-after"] != nil)
            let answer = try await running.answer(timeout: 130)
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            try await server.ended()
            await #expect(throws: RawConnection.Failure.self) { try await server.connect() }
        }

        @Test func whatTakesTooLongIsEnded() async throws {
            let server = try await TestServer(.endless, parallel: 2) { $0.drainTimeout = 0.3 }
            let streamed = try await server.connect()
            await streamed.write(TestServer.request("POST", "/v1/completions", Self.body(60_000)))
            let whole = try await server.connect()
            await whole.write(
                TestServer.request("POST", "/v1/completions", #"{"prompt":"b","max_tokens":60000,"ignore_eos":true}"#))
            #expect(try await server.runs(2))
            let start = Date.now
            server.shutDown()
            let last = try await streamed.answer(timeout: 10).events.last
            #expect(last?["error"]?["type"]?.string == "service_unavailable")
            #expect(try await whole.answer(timeout: 10).status == 503)
            try await server.ended()
            #expect(-start.timeIntervalSinceNow < 5)
        }

        @Test func withNothingToDoItEndsAtOnce() async throws {
            let server = try await TestServer()
            let idle = try await server.connect()
            let start = Date.now
            try await server.stop()
            #expect(-start.timeIntervalSinceNow < 5)
            #expect(await idle.remainder(timeout: 5) == [])
        }
    }
}
