import JSON
import Server
import TestSupport
import Testing

extension LoneTests {
    /// HTTP as no good client speaks it, and as few do.
    @Suite struct HTTPTests {
        struct Case: CustomTestStringConvertible, Sendable {
            let name: String
            let bytes: [UInt8]
            /// What may come; none where the server may just close.
            let statuses: Set<Int>

            var testDescription: String { name }

            init(_ name: String, _ text: String, _ statuses: Set<Int>) {
                self.init(name, Array(text.utf8), statuses)
            }

            init(_ name: String, _ bytes: [UInt8], _ statuses: Set<Int>) {
                (self.name, self.bytes, self.statuses) = (name, bytes, statuses)
            }
        }

        static let completion = #"{"prompt":"a","max_tokens":1}"#
        private static func post(_ headers: String, _ body: String = completion) -> String {
            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n\r\n\(body)"
        }

        static let malformed: [Case] = [
            Case(
                "a header of 100 KB",
                "GET /health HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n",
                [400, 431]),
            Case(
                "2000 headers",
                "GET /health HTTP/1.1\r\nHost: localhost\r\n" + (0..<2000).map { "X-\($0): y\r\n" }.joined() + "\r\n",
                [400, 431]),
            Case(
                "a path of 100 KB",
                "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
                [400, 414, 431]),
            Case("a chunk of 2^64 - 1", post("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFF\r\n"), [400, 413]),
            Case(
                "a chunk's extension of 1 MB",
                post("Transfer-Encoding: chunked", "1;\(String(repeating: "e", count: 1 << 20))\r\n"), [400]),
            Case(
                "trailers without end",
                post("Transfer-Encoding: chunked", "0\r\n" + (0..<5000).map { "X-\($0): y\r\n" }.joined()), [400, 431]),
            Case("length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), [400]),
            Case("two lengths", post("Content-Length: 5\r\nContent-Length: 6"), [400]),
            Case("a negative length", post("Content-Length: -1"), [400]),
            Case("a length of letters", post("Content-Length: ten"), [400]),
            Case("chunked twice", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), [400]),
            Case("no HTTP", "hello\r\n\r\n", [400]),
            Case("HTTP/0.9", "GET /health\r\n\r\n", [400]),
            Case("HTTP/2 unasked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 404, 405, 505]),
            Case(
                "a TLS hello",
                [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03] + [UInt8](repeating: 7, count: 500),
                [400]),
            Case("TRACE", "TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n", [405, 400]),
            Case("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400, 404, 405]),
            Case(
                "a NUL in the path",
                [UInt8]("GET /he".utf8) + [0] + [UInt8]("alth HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
                [400, 404]),
            Case("an absolute address", "GET http://a/health HTTP/1.1\r\nHost: localhost\r\n\r\n", [200, 400, 404]),
            Case("bare LF", "GET /health HTTP/1.1\nHost: a\n\n", [200, 400]),
        ]

        /// One that soon gives up on a body that does not come.
        private static let impatient = Task { try await TestServer { $0.clientTimeout = 5 } }

        @Test(arguments: malformed) func isAnsweredOrClosed(_ bad: Case) async throws {
            let server = try await Self.impatient.value
            let connection = try await server.connect()
            await connection.write(bad.bytes)
            do {
                let answer = try await connection.answer(timeout: 20)
                #expect(bad.statuses.contains(answer.status), "\(answer.status) \(answer.text.prefix(200))")
                if answer.status != 200 { expectError(answer, type: "invalid_request_error") }
            } catch RawConnection.Failure.notHTTP(let rest) {
                // closed without a word
                #expect(rest.isEmpty)
            }
            #expect(try await server.get("/health").status == 200, "the server lives")
        }

        @Test func aBodyThatIsTooLargeIsRefusedEarly() async throws {
            let server = try await TestServer { $0.bodyLimit = 1000 }
            let spaces = String(repeating: " ", count: 1000 - Self.completion.utf8.count)
            #expect(
                try await server.post("/v1/completions", Self.completion + spaces).status == 200, "the limit itself")
            for path in ["/v1/completions", "/v1/embeddings", "/tokenize", "/apply-template", "/completion"] {
                let answer = try await server.post(path, Self.completion + spaces + " ")
                #expect(answer.status == 413, "\(path)")
                expectError(answer, type: "invalid_request_error")
            }
            // the head alone is enough
            let said = try await server.connect()
            await said.write(Self.post("Content-Type: application/json\r\nContent-Length: 1073741824", ""))
            #expect(try await said.answer(timeout: 5).status == 413)
            // where it does not say, the limit counts
            let unsaid = try await server.connect()
            await unsaid.write(Self.post("Content-Type: application/json\r\nTransfer-Encoding: chunked", ""))
            let chunk = "400\r\n" + String(repeating: " ", count: 1024) + "\r\n"
            for _ in 0..<4 { await unsaid.write(chunk) }
            #expect(try await unsaid.answer(timeout: 5).status == 413)
            try await server.stop()
        }

        @Test func typesOfBodies() async throws {
            let server = try await TestServer.shared.value
            func status(_ header: String) async throws -> Int {
                let answer = try await server.post("/v1/completions", Self.completion, headers: [header])
                if answer.status != 200 { expectError(answer, code: "unsupported_media_type") }
                return answer.status
            }
            #expect(try await status("Content-Type: application/json; charset=utf-8") == 200)
            #expect(try await status("Content-Type: application/vnd.api+json") == 200)
            #expect(try await status("Content-Type: text/plain") == 415)
            #expect(try await status("Content-Type: application/x-www-form-urlencoded") == 415)
            #expect(try await status("Content-Encoding: gzip") == 415)
            #expect(try await status("Content-Encoding: identity") == 200)
            // none at all is taken for JSON
            let bare = try await server.connect()
            await bare.write(Self.post("Content-Length: \(Self.completion.utf8.count)"))
            #expect(try await bare.answer().status == 200)
        }

        @Test func requestsBehindEachOther() async throws {
            let server = try await TestServer.shared.value
            let connection = try await server.connect()
            let one = TestServer.request("POST", "/v1/completions", Self.completion)
            await connection.write(String(repeating: one, count: 10))
            for _ in 0..<10 { #expect(try await connection.answer().status == 200) }
            await connection.write(TestServer.request("GET", "/health", headers: ["Connection: close"]) + one)
            #expect(try await connection.answer().status == 200)
            #expect(await connection.remainder(timeout: 10) == [], "nothing is answered after a close")
        }

        @Test func aThousandRequestsOnOneConnection() async throws {
            let connection = try await TestServer.shared.value.connect()
            for _ in 0..<1000 {
                await connection.write(TestServer.request("GET", "/health"))
                #expect(try await connection.answer().status == 200)
            }
        }

        @Test func expectsToContinue() async throws {
            let connection = try await TestServer.shared.value.connect()
            await connection.write(
                Self.post(
                    "Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: \(Self.completion.utf8.count)",
                    ""))
            #expect(try await connection.text(upTo: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
            await connection.write(Self.completion)
            #expect(try await connection.answer().status == 200)
        }
    }
}
