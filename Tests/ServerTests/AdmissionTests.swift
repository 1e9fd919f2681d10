import Foundation
import JSON
import Server
import TestSupport
import Testing

extension LoneTests {
    /// A full server says so at once.
    @Suite struct AdmissionTests {
        private static let busy = #"{"prompt":"a","max_tokens":60000,"ignore_eos":true}"#

        private func occupied(_ server: TestServer, _ count: Int) async throws -> [RawConnection] {
            var all: [RawConnection] = []
            for number in 1...count {
                let connection = try await server.connect()
                await connection.write(TestServer.request("POST", "/v1/completions", Self.busy))
                #expect(try await server.runs(number))
                all.append(connection)
            }
            return all
        }

        @Test func tooManyAreRefusedAtOnce() async throws {
            let server = try await TestServer(.endless, parallel: 2) { $0.queue = 2 }
            let others = try await occupied(server, 4)
            var slowest = 0.0
            for _ in 0..<20 {
                let connection = try await server.connect()
                let start = Date.now
                await connection.write(TestServer.request("POST", "/v1/completions", Self.busy))
                let answer = try await connection.answer(timeout: 5)
                slowest = max(slowest, -start.timeIntervalSinceNow)
                #expect(answer.status == 429)
                expectError(answer, code: "rate_limit_exceeded")
                #expect(Int(answer.headers["retry-after"] ?? "") ?? 0 >= 1)
            }
            // 0.05 s by itself; other tests compute on all cores beside it
            #expect(slowest < 1, "429 after \(slowest) s")
            #expect(try await server.get("/health").status == 200)
            let slots = try await server.get("/slots").json
            guard case .array(let entries) = slots else { return #expect(Bool(false), "no list") }
            #expect(entries.count == 4)
            #expect(entries.compactMap { $0["state"]?.string }.filter { $0 == "queued" }.count == 2)
            for connection in others { connection.leave() }
            #expect(try await server.isIdle(within: 5))
            #expect(try await server.post("/v1/completions", #"{"prompt":"a","max_tokens":1}"#).status == 200)
            try await server.stop()
        }

        @Test func requestsEndAtTheirDeadline() async throws {
            let server = try await TestServer(.endless, parallel: 1) { $0.requestTimeout = 0.5 }
            let answer = try await server.post("/v1/completions", Self.busy)
            #expect(answer.status == 503)
            expectError(answer, code: "request_timeout")
            #expect(try await server.isIdle(within: 5))
            let streamed = try await server.post(
                "/v1/completions", #"{"prompt":"a","max_tokens":60000,"ignore_eos":true,"stream":true}"#)
            #expect(streamed.status == 200)
            #expect(streamed.events.last?["error"]?["code"]?.string == "request_timeout", "a stream ends in an error")
            #expect(!streamed.text.contains("[DONE]"))
            try await server.stop()
        }

        /// What came later and is more urgent is answered first.
        @Test func urgentOnesGoFirst() async throws {
            let server = try await TestServer(.endless, parallel: 1)
            let first = try await occupied(server, 1)
            func ask(_ priority: Int) async throws -> Task<Date, any Error> {
                let connection = try await server.connect()
                return Task { () async throws -> Date in
                    await connection.write(
                        TestServer.request(
                            "POST", "/v1/completions",
                            #"{"prompt":"a","max_tokens":400,"ignore_eos":true,"priority":\#(priority)}"#))
                    #expect(try await connection.answer().status == 200)
                    return .now
                }
            }
            let patient = try await ask(5)
            #expect(try await server.runs(2))
            let urgent = try await ask(-5)
            #expect(try await server.runs(3))
            first[0].leave()
            let (late, early) = (try await patient.value, try await urgent.value)
            #expect(early < late)
            try await server.stop()
        }
    }
}
