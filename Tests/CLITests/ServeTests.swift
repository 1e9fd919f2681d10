import Foundation
import JSON
import TestSupport
import Testing

/// `carat serve` as a supervisor and a user see it.
@Suite(.serialized) struct ServeTests {
    /// A running program with its log in a file.
    private final class Running {
        let process = Process()
        let folder = FileManager.default.temporaryDirectory.appending(path: "carat-serve-\(UUID().uuidString)")
        private(set) var port = 0

        var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "" }

        init(_ arguments: [String] = [], environment: [String: String] = [:]) throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appending(path: "log")
            try Data().write(to: file)
            process.executableURL = CaratProcess.program
            process.arguments = ["serve", "--port", "0"] + arguments
            process.environment = ProcessInfo.processInfo.environment
                .merging(["XDG_CACHE_HOME": CaratProcess.cache.path()]) { $1 }.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: file)
            try process.run()
            let end = Date.now + 60
            while Date.now < end, process.isRunning, port == 0 {
                Thread.sleep(forTimeInterval: 0.02)
                if let match = log.firstMatch(of: #/https?://[^ "]*:(\d+)/#) { port = Int(match.1) ?? 0 }
            }
            #expect(port > 0, "\(log)")
        }

        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            try? FileManager.default.removeItem(at: folder)
        }

        /// The exit code; nil where it does not end in time.
        func exit(within seconds: Double) -> Int32? {
            let end = Date.now + seconds
            while process.isRunning, Date.now < end { Thread.sleep(forTimeInterval: 0.01) }
            return process.isRunning ? nil : process.terminationStatus
        }

        func get(_ path: String) async throws -> String {
            let connection = try await RawConnection.open(port: port)
            await connection.write(HTTPAnswer.request("GET", path))
            return try await connection.answer().text
        }
    }

    @Test func endsInOrderOnSIGTERM() async throws {
        let server = try Running(["--log-format", "json", "--alias", "small"])
        #expect(try await server.get("/health") == #"{"status":"ok"}"#)
        #expect(try await server.get("/v1/models").contains(#""id":"small""#))
        #expect(try await server.get("/plan").contains("predicted_seconds"))
        server.process.terminate()
        #expect(server.exit(within: 10) == 0)
        #expect(server.process.terminationReason == .exit)
        for line in server.log.split(separator: "\n") {
            let object = try JSONValue(parsing: Array(line.utf8), limit: .max)
            for name in ["level", "message", "time"] { #expect(object[name]?.string != nil, "\(line)") }
        }
        #expect(server.log.contains("base model"), "it says that there is no template")
    }

    @Test func aSecondSignalEndsItAtOnce() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString).gguf").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var random = RandomModel()
        random.contextLength = 1 << 16
        try Data(random.encoded()).write(to: URL(filePath: path))
        let server = try Running(["-m", path, "--drain-timeout", "600"])
        let connection = try await RawConnection.open(port: server.port)
        await connection.write(
            HTTPAnswer.request("POST", "/v1/completions", #"{"prompt":"a","max_tokens":60000,"ignore_eos":true}"#))
        let end = Date.now + 10
        while Date.now < end, try await !server.get("/slots").contains("decode") {
            try await Task.sleep(for: .milliseconds(5))
        }
        server.process.terminate()
        #expect(server.exit(within: 0.5) == nil, "it waits for what runs")
        #expect(try await server.get("/ready").contains("shutting down"))
        server.process.terminate()
        #expect(server.exit(within: 5) != nil)
    }

    @Test func flagsThatMakeNoSense() throws {
        for (arguments, part) in [
            (["--port", "70000"], "--port"), (["--tls-cert", "x"], "--tls-key"), (["--api-key", ""], "--api-key"),
            (["--api-key-file", "/nowhere"], "/nowhere"), (["--parallel", "0"], "--parallel"),
        ] {
            let result = try CaratProcess(["serve"] + arguments)
            #expect(result.code == 64 && result.errors.contains(part), "\(result.errors)")
        }
        let busy = try Running()
        let second = try CaratProcess(["serve", "--port", "\(busy.port)"])
        #expect(
            second.code == 1 && second.errors.contains("Address already in use") && second.errors.contains("--port"))
        let lost = try CaratProcess(["serve", "--host", "192.0.2.1"])
        #expect(lost.code == 1 && lost.errors.contains("192.0.2.1"))
    }

    @Test func anOpenDoorIsWarnedOf() throws {
        #expect(try Running(["--host", "0.0.0.0"]).log.contains("anyone who reaches 0.0.0.0"))
        let keyed = try Running(["--host", "0.0.0.0"], environment: ["CARAT_API_KEY": "k"])
        #expect(!keyed.log.contains("anyone who reaches"))
    }
}
