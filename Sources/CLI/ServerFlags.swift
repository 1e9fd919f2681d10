public import ArgumentParser
import Batches
import Foundation
import GGUF
import Logging
public import OpenAI
import Server

/// How a server listens, and what it lets through.
struct ServerFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Address to listen on, or the path of a Unix socket.", valueName: "address"))
    var host = "127.0.0.1"
    @Option(parsing: .unconditional, help: ArgumentHelp("0 takes any free one.", valueName: "port"))
    var port = 8080
    @Option(
        help: ArgumentHelp(
            "Key that clients have to send; repeatable. Other users of this machine see it.", valueName: "key"))
    var apiKey: [String] = []
    @Option(help: ArgumentHelp("File with such keys, one a line. CARAT_API_KEY has one, too.", valueName: "file"))
    var apiKeyFile: String?
    @Option(help: ArgumentHelp("PEM file of the certificate chain, for HTTPS.", valueName: "file"))
    var tlsCert: String?
    @Option(help: ArgumentHelp("PEM file of its private key.", valueName: "file"))
    var tlsKey: String?
    @Option(help: ArgumentHelp("Origin whose pages may read answers; * is any. Repeatable.", valueName: "origin"))
    var corsOrigin: [String] = []
    @Option(help: ArgumentHelp("Name of the model; repeatable. Without one, any name will do.", valueName: "name"))
    var alias: [String] = []
    @Option(help: "Turns of conversations: those of the file, or Gemma's whatever the file says.")
    var chatTemplate = ServedModel.TemplateChoice.file
    @Option(
        name: [.customLong("np", withSingleDash: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Texts that grow at the same time.", valueName: "n"))
    var parallel = 8
    @Option(parsing: .unconditional, help: ArgumentHelp("Requests that may wait; more get 429.", valueName: "n"))
    var queue = 64
    @Option(parsing: .unconditional, help: ArgumentHelp("Longest time for an answer. Default: none.", valueName: "s"))
    var requestTimeout: Double?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Longest time for a client to send a request, or to take what is sent.", valueName: "s"))
    var clientTimeout = 60.0
    @Option(parsing: .unconditional, help: ArgumentHelp("Time for running requests after SIGTERM.", valueName: "s"))
    var drainTimeout = 30.0
    @Option(parsing: .unconditional, help: ArgumentHelp("Largest body of a request.", valueName: "MiB"))
    var maxBody = 16
    @Option(
        help: ArgumentHelp(
            "Files of /v1/files and /v1/batches. Default: carat/files in $XDG_STATE_HOME or ~/.local/state.",
            valueName: "folder"))
    var filesDir: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Most that these files take.", valueName: "MiB"))
    var filesLimit = 4096
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Lines of a batch that are answered at once, besides --parallel.", valueName: "n"))
    var batchLines = 4
    @Option(help: "Lines of the log, which goes to stderr.")
    var logFormat = LogFormat.text

    func check() throws {
        func require(_ name: String, _ isGood: Bool, _ problem: String) throws {
            guard isGood else { throw ValidationError("--\(name) \(problem).") }
        }
        try require("port", (0...65_535).contains(port), "is \(port), where 0 to 65535 is possible")
        try require("parallel", (1...256).contains(parallel), "is \(parallel), where 1 to 256 is possible")
        try require("queue", (0...100_000).contains(queue), "is \(queue), where 0 to 100000 is possible")
        try require("batch-lines", (1...128).contains(batchLines), "is \(batchLines), where 1 to 128 is possible")
        try require(
            "files-limit", (1...(1 << 30)).contains(filesLimit), "is \(filesLimit), where 1 or more MiB are possible")
        try require("max-body", (1...1024).contains(maxBody), "is \(maxBody), where 1 to 1024 MiB are possible")
        for (name, value) in [
            ("request-timeout", requestTimeout ?? 1), ("client-timeout", clientTimeout),
            ("drain-timeout", drainTimeout),
        ] {
            try require(name, (0...86_400).contains(value), "is \(value), where 0 to 86400 s are possible")
        }
        try require("client-timeout", clientTimeout >= 0.1, "is \(clientTimeout), where 0.1 s or more is possible")
        try require("tls-cert", (tlsCert == nil) == (tlsKey == nil), "and --tls-key need each other")
        for origin in corsOrigin {
            let isOrigin = origin.wholeMatch(of: #/https?:\/\/[^\/\s]+/#) != nil
            try require(
                "cors-origin", origin == "*" || isOrigin, "is `\(origin)`, where * or scheme://host[:port] is possible")
        }
        for name in alias { try require("alias", !name.isEmpty, "is empty") }
        for key in apiKey { try require("api-key", !key.isEmpty, "is empty") }
    }

    func settings(_ logger: Logger) throws -> ServerSettings {
        var settings = ServerSettings(logger: logger)
        settings.host = host
        settings.port = port
        settings.apiKeys = try keys()
        if let tlsCert, let tlsKey { settings.tls = (tlsCert, tlsKey) }
        settings.corsOrigins = corsOrigin
        settings.queue = queue
        settings.requestTimeout = requestTimeout
        settings.clientTimeout = clientTimeout
        settings.drainTimeout = drainTimeout
        settings.bodyLimit = maxBody << 20
        settings.filesFolder = filesDir ?? UserDirectory.state.path.map { $0 + "/files" }
        settings.filesLimit = filesLimit << 20
        settings.batchLines = batchLines
        return settings
    }

    private func keys() throws -> [String] {
        var keys = apiKey
        if let key = ProcessInfo.processInfo.environment["CARAT_API_KEY"], !key.isEmpty { keys.append(key) }
        if let apiKeyFile {
            guard let text = try? String(contentsOfFile: apiKeyFile, encoding: .utf8) else {
                throw ValidationError("--api-key-file \(apiKeyFile) can't be read as text.")
            }
            let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            let some = lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
            // a server that was to be closed must not stand open
            guard !some.isEmpty else { throw ValidationError("--api-key-file \(apiKeyFile) has no key.") }
            keys += some
        }
        return keys
    }

    func logger() throws -> Logger {
        switch logFormat {
        case .text: Logger(label: "carat") { StreamLogHandler.standardError(label: $0) }
        case .json: Logger(label: "carat") { _ in JSONLogHandler() }
        }
    }
}

enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}

extension ServedModel.TemplateChoice: ExpressibleByArgument {}
