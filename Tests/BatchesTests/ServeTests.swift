import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files and batches over a socket.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ServeTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func start(_ arguments: [String] = []) async throws -> ServerProcess {
        try await ServerProcess(["-t", "2", "-c", "512"] + arguments, files: scratch.path("files"))
    }

    private func lines(_ count: Int, tokens: Int) throws -> String {
        try (0..<count).map { index in
            let body: [String: Any] = [
                "prompt": "It was a dark night \(index)", "max_tokens": tokens, "ignore_eos": true,
                "temperature": index == 1 ? 9 : 1,
            ]
            let line: [String: Any] = [
                "custom_id": "r\(index)", "method": "POST", "url": "/v1/completions", "body": body,
            ]
            return String(decoding: try JSONSerialization.data(withJSONObject: line), as: UTF8.self) + "\n"
        }.joined()
    }

    private func create(_ server: ServerProcess, _ text: String) async throws -> (file: String, batch: String) {
        let file = try #require(try await server.upload(text).json["id"] as? String)
        let batch = try await server.json(
            "POST", "/v1/batches",
            ["input_file_id": file, "endpoint": "/v1/completions", "completion_window": "24h"])
        return (file, try #require(batch["id"] as? String, "\(batch)"))
    }

    private func wait(
        _ server: ServerProcess, _ batch: String, until isReached: ([String: Any]) -> Bool
    ) async throws -> [String: Any] {
        while true {
            let state = try await server.json("GET", "/v1/batches/\(batch)")
            if isReached(state) { return state }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func isEnded(_ batch: [String: Any]) -> Bool {
        ["completed", "failed", "cancelled", "expired"].contains(batch["status"] as? String)
    }

    private static func completed(_ batch: [String: Any]) -> Int {
        (batch["request_counts"] as? [String: Int])?["completed"] ?? 0
    }

    private func results(_ server: ServerProcess, _ batch: [String: Any]) async throws -> [String] {
        var all = ""
        for key in ["output_file_id", "error_file_id"] {
            guard let id = batch[key] as? String else { continue }
            all += try await server.ask("GET", "/v1/files/\(id)/content").text
        }
        return try names(all)
    }

    @Test func survivesBeingKilled() async throws {
        let text = try lines(150, tokens: 40)
        let server = try await start()
        let (_, batch) = try await create(server, text)
        let before = try await wait(server, batch) { Self.completed($0) >= 5 }
        server.end(SIGKILL)

        let next = try await start()
        let early = try await wait(next, batch) { Self.completed($0) > 0 }
        #expect(Self.completed(early) >= Self.completed(before))
        // a server that is asked to end does so at once, and keeps what is complete
        let clock = ContinuousClock.now
        #expect(next.end(SIGTERM) == 0)
        #expect(ContinuousClock.now - clock < .seconds(15))

        let last = try await start()
        let done = try await wait(last, batch, until: Self.isEnded)
        #expect(done["status"] as? String == "completed")
        #expect(done["request_counts"] as? [String: Int] == ["total": 150, "completed": 149, "failed": 1])
        #expect(try await results(last, done) == (0..<150).map { "r\($0)" }.sorted())
        let log = last.log
        #expect(!log.contains("dark night"))
    }

    @Test func interactiveRequestsPassAndCancelIsQuick() async throws {
        let server = try await start(["--parallel", "1", "--queue", "0"])
        let (file, batch) = try await create(server, try lines(100, tokens: 400))
        _ = try await wait(server, batch) { $0["status"] as? String == "in_progress" }
        let completion = try await server.json("POST", "/completions", ["prompt": "She", "max_tokens": 3])
        #expect(completion["status_code"] as? Int == 200, "\(completion)")
        let refused = try await server.json("DELETE", "/v1/files/\(file)")
        #expect(refused["status_code"] as? Int == 409)
        let clock = ContinuousClock.now
        let cancelled = try await server.json("POST", "/batches/\(batch)/cancel")
        #expect(cancelled["status"] as? String == "cancelling")
        let done = try await wait(server, batch, until: Self.isEnded)
        #expect(done["status"] as? String == "cancelled" && ContinuousClock.now - clock < .seconds(15))
        #expect(try await results(server, done).count == 100)
        let metrics = try await server.ask("GET", "/metrics").text
        #expect(metrics.contains(#"carat_batch_lines_total{result="failed"} 1"#))
        let deleted = try await server.json("DELETE", "/files/\(file)")
        #expect(deleted["deleted"] as? Bool == true && deleted["object"] as? String == "file")
        #expect(try await server.json("GET", "/v1/files/\(file)")["status_code"] as? Int == 404)
    }

    @Test func requestsAreChecked() async throws {
        let server = try await start(["--files-limit", "2"])
        let good = try await server.upload("{}\n")
        #expect(good.status == 200)
        #expect(try await server.upload("{}\n", purpose: "fine-tune").status == 400)
        #expect(try await server.upload("").status == 400)
        let full = try await server.upload(String(repeating: "x", count: 2 << 20))
        #expect(full.status == 507)
        #expect((full.json["error"] as? [String: Any]).map { Set($0.keys) } == ["message", "type", "param", "code"])
        let cases: [(String, String, String?, String, Int)] = [
            ("POST", "/v1/files", "{}", "application/json", 415),
            ("POST", "/v1/files", "--a\r\n", "multipart/form-data; boundary=b", 400),
            ("POST", "/v1/files", "--b--\r\n", "multipart/form-data; boundary=b", 400),
            ("GET", "/v1/files/..%2F..%2Fetc%2Fpasswd", nil, "", 404),
            ("GET", "/v1/files/..%2F..%2Fetc%2Fpasswd/content", nil, "", 404),
            ("DELETE", "/v1/files/carat.lock", nil, "", 404),
            ("PUT", "/v1/files", "{}", "application/json", 405),
            ("GET", "/v1/files?limit=x", nil, "", 400),
            ("GET", "/v1/batches/batch_none", nil, "", 404),
            ("POST", "/v1/batches/batch_none/cancel", nil, "", 404),
            ("POST", "/v1/batches", "{}", "application/json", 400),
            ("POST", "/v1/batches", "{", "application/json", 400),
        ]
        for (method, path, body, type, expected) in cases {
            let answer = try await server.ask(
                method, path, body, headers: type.isEmpty ? [] : ["Content-Type: \(type)"])
            #expect(answer.status == expected, "\(method) \(path)")
            let error = try object(answer.text)["error"] as? [String: Any]
            #expect(error.map { Set($0.keys) } == ["message", "type", "param", "code"], "\(method) \(path)")
        }
        let second = try await ServerProcess(files: scratch.path("files"))
        let refused = try await second.upload("{}\n")
        #expect(refused.status == 503)
        let message = (refused.json["error"] as? [String: Any])?["message"] as? String
        #expect(message?.contains("another server uses") == true)
        #expect(try await second.json("GET", "/v1/models")["status_code"] as? Int == 200)
    }
}
