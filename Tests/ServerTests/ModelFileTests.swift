import Foundation
import GGUF
import JSON
import TestSupport
import Testing

extension LoneTests {
    /// Model files that change under a running server.
    @Suite struct ModelFileTests {
        private let path = FileManager.default.temporaryDirectory.appending(
            path: "carat-served-\(UUID().uuidString).gguf"
        )
        .path()
        private let completion = #"{"prompt":"a","max_tokens":1,"ignore_eos":true}"#

        private func server() async throws -> TestServer {
            var random = RandomModel()
            random.overrides["tokenizer.chat_template"] = .string("<start_of_turn>{{ message }}<end_of_turn>")
            try Data(random.encoded()).write(to: URL(filePath: path))
            return try await TestServer(.file(path))
        }

        @Test func isRefusedWhenReplacedByAnother() async throws {
            let server = try await server()
            #expect(try await server.post("/v1/completions", completion).status == 200)
            // what is mapped stays whole, but is no longer what the path names
            try FileManager.default.removeItem(atPath: path)
            try Data("another".utf8).write(to: URL(filePath: path))
            let answer = try await server.post("/v1/completions", completion)
            #expect(answer.status == 503, "\(answer.text)")
            #expect(try await server.get("/ready").status == 503)
            try await server.stop()
            try FileManager.default.removeItem(atPath: path)
        }

        @Test func isRefusedWhenWrittenOver() async throws {
            let server = try await server()
            #expect(try await server.post("/v1/completions", completion).status == 200)
            #expect(try await server.get("/ready").status == 200)
            let handle = try #require(FileHandle(forUpdatingAtPath: path))
            try handle.write(contentsOf: Data("changed".utf8))
            try handle.close()
            let answer = try await server.post("/v1/completions", completion)
            #expect(answer.status == 503, "\(answer.text)")
            expectError(answer)
            let ready = try await server.get("/ready")
            #expect(ready.status == 503)
            #expect(ready.json["reason"]?.string?.contains("model file") == true)
            #expect(try await server.get("/health").status == 200, "it lives, to say so")
            try await server.stop()
            try FileManager.default.removeItem(atPath: path)
        }

        @Test func aBaseModelHasNoConversations() async throws {
            let server = try await TestServer(.base)
            let answer = try await server.post("/v1/chat/completions", #"{"messages":[{"role":"user","content":"a"}]}"#)
            #expect(answer.status == 400)
            expectError(answer)
            #expect(answer.error["message"]?.string?.contains("--chat-template gemma") == true, "\(answer.text)")
            try await server.stop()
        }
    }
}
