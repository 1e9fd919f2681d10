import Foundation
import TestSupport
import Testing

extension LoneTests {
    /// Nothing is computed for a client that is gone.
    @Suite struct DisconnectTests {
        enum Leaving: String, CaseIterable, Sendable { case closed, reset, halfClosed }
        enum Moment: String, CaseIterable, Sendable { case queued, prefill, decode }

        /// Prompt tokens of a prefill that takes a while.
        private static let long = "[" + Array(repeating: "280", count: 40_000).joined(separator: ",") + "]"

        private static func body(_ moment: Moment, isStreamed: Bool) -> String {
            let prompt = moment == .prefill ? long : #""a""#
            return #"{"prompt":\#(prompt),"max_tokens":20000,"ignore_eos":true,"stream":\#(isStreamed)}"#
        }

        @Test(arguments: Leaving.allCases, Moment.allCases)
        func endsItsGeneration(_ leaving: Leaving, _ moment: Moment) async throws {
            let server = try await TestServer(.endless, parallel: 1)
            for isStreamed in [false, true] {
                var other: RawConnection?
                if moment == .queued {
                    other = try await server.connect()
                    await other?.write(
                        TestServer.request("POST", "/v1/completions", Self.body(.decode, isStreamed: false)))
                    #expect(try await server.runs())
                }
                let connection = try await server.connect()
                await connection.write(
                    TestServer.request("POST", "/v1/completions", Self.body(moment, isStreamed: isStreamed)))
                #expect(try await server.runs(moment == .queued ? 2 : 1))
                try await Task.sleep(for: .milliseconds(100))
                #expect(server.running + server.waiting == (moment == .queued ? 2 : 1))
                switch leaving {
                case .closed: connection.leave()
                case .reset: connection.reset()
                case .halfClosed: connection.finishSending()
                }
                let start = Date.now
                if moment == .queued {
                    while server.waiting > 0, -start.timeIntervalSinceNow < 5 {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    #expect(server.waiting == 0)
                    #expect(server.running == 1, "the other goes on")
                    other?.leave()
                }
                #expect(try await server.isIdle(within: 5), "\(leaving) \(moment) streamed \(isStreamed)")
            }
            #expect(try await server.metric("carat_requests_cancelled_total") >= 2)
            try await server.stop()
        }

        /// Requests that wait on the same connection do not hide that the client is gone.
        @Test func isSeenBehindPipelinedRequests() async throws {
            let server = try await TestServer(.endless, parallel: 1)
            let connection = try await server.connect()
            let request = TestServer.request("POST", "/v1/completions", Self.body(.decode, isStreamed: true))
            await connection.write(request + request + request)
            #expect(try await server.runs())
            try await Task.sleep(for: .milliseconds(100))
            connection.leave()
            #expect(try await server.isIdle(within: 5))
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await server.isIdle(within: 1), "the others don't begin")
            try await server.stop()
        }
    }
}
