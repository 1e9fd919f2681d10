import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `carat serve` on the built-in model, as a user runs it.
final class ServerProcess {
    private let process = Process()
    private let log: URL
    private(set) var base = ""

    static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "carat")

    /// Waits until it serves.
    init(files: String, log: String, _ arguments: [String] = []) async throws {
        self.log = URL(filePath: log)
        try Data().write(to: self.log)
        process.executableURL = Self.program
        process.arguments = ["serve", "--port", "0", "-t", "2", "-c", "512", "--files-dir", files] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["XDG_CACHE_HOME": files + "-cache"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: self.log)
        try process.run()
        for _ in 0..<600 {
            if let match = try text.firstMatch(of: /url=(http:\S+)/) {
                base = String(match.1)
                return
            }
            let log = try text
            try #require(process.isRunning, "\(log)")
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("no server after 30 s")
    }

    deinit { if process.isRunning { end(SIGKILL) } }

    /// What it logged.
    var text: String {
        get throws { String(decoding: try Data(contentsOf: log), as: UTF8.self) }
    }

    /// Ends it with a signal, and says with what code it ended.
    @discardableResult
    func end(_ signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    func send(
        _ method: String, _ path: String, _ body: Data? = nil, type: String = "application/json"
    ) async throws -> (status: Int, body: Data) {
        var request = URLRequest(url: try #require(URL(string: base + path)))
        request.httpMethod = method
        request.httpBody = body
        if body != nil { request.setValue(type, forHTTPHeaderField: "Content-Type") }
        let (data, response) = try await URLSession.shared.data(for: request)
        return (try #require(response as? HTTPURLResponse).statusCode, data)
    }

    func json(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> [String: Any] {
        let data = try body.map { try JSONSerialization.data(withJSONObject: $0) }
        let (status, answer) = try await send(method, path, data)
        var object = try #require(try JSONSerialization.jsonObject(with: answer) as? [String: Any])
        object["status_code"] = status
        return object
    }

    func upload(_ text: String, purpose: String = "batch") async throws -> (status: Int, json: [String: Any]) {
        let form = """
            --xyz\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n\(purpose)\r\n--xyz\r\n\
            Content-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\(text)\r\n--xyz--\r\n
            """
        let (status, data) = try await send(
            "POST", "/v1/files", Data(form.utf8), type: "multipart/form-data; boundary=xyz")
        return (status, try object(String(decoding: data, as: UTF8.self)))
    }
}
