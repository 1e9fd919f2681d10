import Foundation
import Server
import TestSupport
import Testing

private let tools = ["/usr/bin/openssl", "/usr/bin/curl"]

extension LoneTests {
    /// HTTPS as curl speaks it, with a certificate as openssl makes it.
    @Suite(.enabled(if: tools.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }))
    struct TLSTests {
        private let folder = FileManager.default.temporaryDirectory.appending(path: "carat-tls-\(UUID().uuidString)")
        private var certificate: String { folder.appending(path: "cert.pem").path() }
        private var key: String { folder.appending(path: "key.pem").path() }

        /// What a program printed.
        private func run(_ program: String, _ arguments: [String]) async throws -> String {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = Pipe()
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(
                        with: Result {
                            try process.run()
                            let data = output.fileHandleForReading.readDataToEndOfFile()
                            process.waitUntilExit()
                            return String(decoding: data, as: UTF8.self)
                        })
                }
            }
        }

        private func makeCertificate() async throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            _ = try await run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
                ])
        }

        @Test func aClientThatKnowsTheCertificateIsServed() async throws {
            try await makeCertificate()
            let server = try await TestServer { $0.tls = (certificate, key) }
            let address = "https://localhost:\(server.port)"
            let health = try await run("/usr/bin/curl", ["-s", "--cacert", certificate, address + "/health"])
            #expect(health == #"{"status":"ok"}"#)
            let text = try await run(
                "/usr/bin/curl",
                [
                    "-s", "-N", "--cacert", certificate, address + "/v1/completions", "-H",
                    "Content-Type: application/json", "-d", #"{"prompt":"a","max_tokens":3,"stream":true}"#,
                ])
            #expect(text.hasSuffix("data: [DONE]\n\n"))
            // who does not know it is not, and neither is who speaks plainly
            #expect(try await run("/usr/bin/curl", ["-s", address + "/health"]).isEmpty)
            let plain = try await server.connect()
            await plain.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await plain.remainder(timeout: 10) != nil, "closed")
            try await server.stop()
            try FileManager.default.removeItem(at: folder)
        }

        @Test func badFilesAreNamed() async throws {
            try await makeCertificate()
            await #expect(throws: ServerError.self) { try await TestServer { $0.tls = ("/nowhere.pem", key) } }
            await #expect(throws: ServerError.self) { try await TestServer { $0.tls = (certificate, certificate) } }
            try FileManager.default.removeItem(at: folder)
        }
    }
}
