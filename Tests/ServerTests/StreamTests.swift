import Foundation
import JSON
import Server
import TestSupport
import Testing

extension LoneTests {
    /// Pieces together are the whole.
    @Suite struct StreamTests {
        private func texts(_ answer: HTTPAnswer) -> String {
            answer.events.compactMap { event in
                event["choices"]?[0]?["text"]?.string ?? event["choices"]?[0]?["delta"]?["content"]?.string
                    ?? event["content"]?.string
            }.joined()
        }

        @Test(arguments: [
            ("/v1/completions", #""prompt":"It was a dark night","max_tokens":24"#),
            ("/v1/completions", #""prompt":"It was","max_tokens":24,"echo":true"#),
            ("/v1/completions", #""prompt":"It was","max_tokens":200,"stop":[" the"]"#),
            ("/v1/chat/completions", #""messages":[{"role":"user","content":"Hello"}],"max_tokens":24"#),
            ("/completion", #""prompt":"It was a dark night","n_predict":24"#),
        ])
        func areTheSameText(_ path: String, _ members: String) async throws {
            let server = try await TestServer.shared.value
            let whole = try await server.post(path, "{\(members),\"seed\":5}")
            let stream = try await server.post(path, "{\(members),\"seed\":5,\"stream\":true}")
            #expect(whole.status == 200 && stream.status == 200, "\(whole.text.prefix(300))")
            #expect(stream.headers["content-type"] == "text/event-stream; charset=utf-8")
            let text =
                whole.json["choices"]?[0]?["text"]?.string ?? whole.json["choices"]?[0]?["message"]?["content"]?.string
                ?? whole.json["content"]?.string
            #expect(texts(stream) == text)
            #expect(stream.text.hasSuffix(path == "/completion" ? "\n\n" : "data: [DONE]\n\n"))
        }

        /// Every piece of one answer has its id; the last one but usage says why it ended.
        @Test func pieces() async throws {
            let answer = try await TestServer.shared.value.post(
                "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":5,"stream":true,"stream_options":{"include_usage":true}}"#
            )
            let events = answer.events
            #expect(Set(events.compactMap { $0["id"]?.string }).count == 1)
            #expect(events.allSatisfy { $0["object"]?.string == "chat.completion.chunk" })
            #expect(events.first?["choices"]?[0]?["delta"]?["role"]?.string == "assistant")
            let reasons = events.compactMap { $0["choices"]?[0]?["finish_reason"]?.string }
            #expect(reasons.count == 1)
            #expect(events.last?["choices"] == .array([]))
            #expect(events.last?["usage"]?["total_tokens"]?.wholeNumber ?? 0 > 5)
            #expect(events.dropLast().allSatisfy { $0["usage"] == .null }, "null until the last")
        }

        @Test func silenceIsFilledWithComments() async throws {
            let server = try await TestServer(.endless, parallel: 1) { $0.pingInterval = 0.02 }
            let prompt = "[" + Array(repeating: "280", count: 12_000).joined(separator: ",") + "]"
            let answer = try await server.post(
                "/v1/completions", #"{"prompt":\#(prompt),"max_tokens":1,"ignore_eos":true,"stream":true}"#)
            #expect(answer.text.contains("\n\n:\n\n") || answer.text.hasPrefix(":\n\n"))
            #expect(answer.events.count >= 1)
            try await server.stop()
        }

        @Test func progressOfAPrefill() async throws {
            let server = try await TestServer(.endless, parallel: 1)
            let prompt = "[" + Array(repeating: "280", count: 3000).joined(separator: ",") + "]"
            let answer = try await server.post(
                "/completion",
                #"{"prompt":\#(prompt),"n_predict":1,"ignore_eos":true,"stream":true,"return_progress":true}"#)
            let steps = answer.events.compactMap { $0["prompt_progress"]?["processed"]?.wholeNumber }
            #expect(steps.count >= 3 && steps == steps.sorted() && steps.last == 3000, "\(steps)")
            try await server.stop()
        }

        @Test func countersAreTheSumOfAnswers() async throws {
            let server = try await TestServer()
            var (prompt, generated) = (0, 0)
            for index in 0..<6 {
                let usage = try await server.post(
                    "/v1/completions", #"{"prompt":"It was number \#(index)","max_tokens":\#(index + 1)}"#
                ).json["usage"]
                prompt += usage?["prompt_tokens"]?.wholeNumber ?? 0
                generated += usage?["completion_tokens"]?.wholeNumber ?? 0
            }
            #expect(prompt > 20 && generated > 6)
            #expect(try await server.metric("carat_prompt_tokens_total") == Double(prompt))
            #expect(try await server.metric("carat_generated_tokens_total") == Double(generated))
            #expect(try await server.metric("carat_time_to_first_token_seconds_count") == 6)
            #expect(
                try await server.metric(
                    #"carat_http_requests_total{route="/v1/completions",method="POST",status="200"}"#) == 6)
            #expect(try await server.metric("carat_resident_memory_bytes") > 1e6)
            #expect(try await server.metric(#"carat_kv_blocks{state="limit"}"#) > 0)
            try await server.stop()
        }
    }
}
