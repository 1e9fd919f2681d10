import Foundation
import JSON
import TestSupport
import Testing

/// `carat serve` as a supervisor and a user see it.
@Suite(.serialized) struct ServeTests {
    @Test func endsInOrderOnSIGTERM() async throws {
        let server = try await ServerProcess(["--log-format", "json", "--alias", "small"])
        #expect(try await server.ask("GET", "/health").text == #"{"status":"ok"}"#)
        #expect(try await server.ask("GET", "/v1/models").text.contains(#""id":"small""#))
        #expect(try await server.ask("GET", "/plan").text.contains("predicted_seconds"))
        server.process.terminate()
        #expect(try await server.exit(within: 10) == 0)
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
        let server = try await ServerProcess(["-m", path, "--drain-timeout", "600"])
        let connection = try await RawConnection.open(port: server.port)
        await connection.write(
            HTTPAnswer.request("POST", "/v1/completions", #"{"prompt":"a","max_tokens":60000,"ignore_eos":true}"#))
        let end = Date.now + 10
        while Date.now < end, try await !server.ask("GET", "/slots").text.contains("decode") {
            try await Task.sleep(for: .milliseconds(5))
        }
        server.process.terminate()
        #expect(try await server.exit(within: 0.5) == nil, "it waits for what runs")
        #expect(try await server.ask("GET", "/ready").text.contains("shutting down"))
        server.process.terminate()
        #expect(try await server.exit(within: 5) != nil)
    }

    @Test func flagsThatMakeNoSense() async throws {
        for (arguments, part) in [
            (["--port", "70000"], "--port"), (["--tls-cert", "x"], "--tls-key"), (["--api-key", ""], "--api-key"),
            (["--api-key-file", "/nowhere"], "/nowhere"), (["--parallel", "0"], "--parallel"),
        ] {
            let result = try CaratProcess(["serve"] + arguments)
            #expect(result.code == 64 && result.errors.contains(part), "\(result.errors)")
        }
        let busy = try await ServerProcess()
        let second = try CaratProcess(["serve", "--port", "\(busy.port)"])
        #expect(
            second.code == 1 && second.errors.contains("Address already in use") && second.errors.contains("--port"))
        let lost = try CaratProcess(["serve", "--host", "192.0.2.1"])
        #expect(lost.code == 1 && lost.errors.contains("192.0.2.1"))
    }

    @Test func anOpenDoorIsWarnedOf() async throws {
        let open = try await ServerProcess(["--host", "0.0.0.0"])
        #expect(open.log.contains("anyone who reaches 0.0.0.0"))
        let keyed = try await ServerProcess(["--host", "0.0.0.0"], environment: ["CARAT_API_KEY": "k"])
        #expect(!keyed.log.contains("anyone who reaches"))
    }
}
