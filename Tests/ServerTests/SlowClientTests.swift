import Foundation
import Server
import TestSupport
import Testing

extension LoneTests {
    /// Clients that take their time do not take the server's.
    @Suite struct SlowClientTests {
        /// Seconds until the server closed; nil where it did not within ten.
        private func closes(_ connection: RawConnection) async -> Double? {
            let start = Date.now
            guard await connection.remainder(timeout: 10) != nil else { return nil }
            return -start.timeIntervalSinceNow
        }

        private func server() async throws -> TestServer { try await TestServer { $0.clientTimeout = 0.6 } }

        @Test func silenceIsEnded() async throws {
            let server = try await server()
            let connection = try await server.connect()
            let seconds = try #require(await closes(connection))
            #expect(seconds > 0.3 && seconds < 5)
            try await server.stop()
        }

        /// One byte now and then must not count as being alive.
        @Test(arguments: [
            TestServer.request("GET", "/health"),
            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        ])
        func dripsAreEnded(_ request: String) async throws {
            let server = try await server()
            let connection = try await server.connect()
            let bytes = Array(request.utf8)
            let first = request.hasPrefix("POST") ? bytes.count : 1
            await connection.write(Array(bytes[..<first]))
            var isClosed = false
            for byte in bytes[first...] + Array(repeating: 0x20, count: 60) {
                try await Task.sleep(for: .milliseconds(50))
                guard await connection.write([byte]) else {
                    isClosed = true
                    break
                }
                if byte == bytes.last, request.hasPrefix("GET") { break }
            }
            if !isClosed { isClosed = await closes(connection) != nil }
            #expect(isClosed)
            #expect(try await server.get("/health").status == 200)
            try await server.stop()
        }

        @Test func aBodyThatNeverCompletesHoldsNoPlace() async throws {
            let server = try await server()
            let connection = try await server.connect()
            await connection.write(
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"prompt\""
            )
            #expect(await closes(connection) != nil)
            #expect(try await server.isIdle(within: 5))
            try await server.stop()
        }

        @Test func anAnswerThatTakesLongIsNoSlowClient() async throws {
            let server = try await TestServer(.endless) { $0.clientTimeout = 0.6 }
            let connection = try await server.connect()
            // long enough for two deadlines
            await connection.write(
                TestServer.request("POST", "/v1/completions", #"{"prompt":"a","max_tokens":6000,"ignore_eos":true}"#))
            let start = Date.now
            let answer = try await connection.answer(timeout: 120)
            #expect(answer.status == 200, "after \(-start.timeIntervalSinceNow) s")
            try await server.stop()
        }

        @Test func idleConnectionsDontKeepOthersOut() async throws {
            let server = try await TestServer.shared.value
            var idle: [RawConnection] = []
            for _ in 0..<200 { idle.append(try await server.connect()) }
            let start = Date.now
            let answer = try await server.post("/v1/completions", #"{"prompt":"a","max_tokens":1}"#)
            #expect(answer.status == 200)
            #expect(-start.timeIntervalSinceNow < 10)
            withExtendedLifetime(idle) {}
        }

        /// A client that stops reading is let go after the write deadline, and its generation with it.
        @Test func whoDoesNotReadIsLetGo() async throws {
            let server = try await TestServer(.endless) { $0.clientTimeout = 0.6 }
            let connection = try await server.connect(receiveBuffer: 4096)
            await connection.write(
                TestServer.request(
                    "POST", "/v1/completions",
                    // alternatives make the pieces large, so that the system's buffers fill up soon
                    #"{"prompt":"a","max_tokens":60000,"ignore_eos":true,"stream":true,"logprobs":20,"n":2}"#))
            #expect(try await server.runs())
            // reads nothing; others are served meanwhile
            #expect(try await server.post("/v1/completions", #"{"prompt":"a","max_tokens":1}"#).status == 200)
            #expect(try await server.isIdle(within: 60), "its place is free again")
            withExtendedLifetime(connection) {}
            try await server.stop()
        }
    }
}
