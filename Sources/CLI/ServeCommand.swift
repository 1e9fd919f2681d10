import ArgumentParser
import BatchRunner
import Engine
import Gemma
import Logging
import OpenAI
import Server

/// `carat serve`: an OpenAI-compatible HTTP server.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a model over HTTP, as the OpenAI API has it.",
        discussion: """
            Clients of the OpenAI API use it with base_url http://127.0.0.1:8080/v1; a browser finds a page to chat at /. \
            GET /health, /ready, /metrics, /slots and /plan say how it does. SIGTERM lets running requests end first; a \
            second one doesn't.
              carat serve -m gemma-2b-it.gguf
              carat serve -m gemma.gguf --files-dir /var/lib/carat   # files and batches
              carat serve -m gemma.gguf --host 0.0.0.0 --api-key-file keys.txt
              curl localhost:8080/v1/completions -H 'Content-Type: application/json' \\
                -d '{"prompt": "It was a dark night", "max_tokens": 20}'
            """)

    @OptionGroup var model: ModelOption
    @OptionGroup(title: "Server") var server: ServerFlags
    @OptionGroup(title: "Cache of prefixes") var cache: CacheFlags
    @OptionGroup(title: "Machine") var engine: EngineFlags
    @Flag(name: [.short, .long], help: "Log each request's steps too, and say what was loaded.")
    var verbose = false

    func validate() throws {
        try engine.check()
        try cache.check()
        try server.check()
    }

    func run() throws {
        Interrupt.install()
        var logger = try server.logger()
        if verbose { logger.logLevel = .debug }
        let logs = logger
        var settings = try engine.settings()
        cache.apply(to: &settings, concurrency: server.parallel)
        // lines of batches take no place from others
        settings.sequences = min(server.parallel + server.batchLines, 256)
        settings.log = { logs.warning("\($0)") }
        var serving = try server.settings(logger)
        let gemma = try GemmaModel(try model.openFile())
        let source = MachineFacts(isVerbose: verbose).complete(&settings, for: gemma)
        let engine = try Engine(gemma, settings: settings)
        let report = PlanReport(
            settings.plan(for: gemma.weights.planned), model: gemma, name: model.displayName, settings: settings,
            source: source, positions: [1, 8, 64, 512])
        serving.plan = Array(try encodeJSON(report).utf8)
        let served = try ServedModel(
            engine, names: server.alias, displayName: model.displayName,
            template: server.chatTemplate)
        let carat = CaratServer(
            gemma, served: served, engine: engine, parallel: server.parallel,
            fingerprint: "fp_" + BatchInput.hash(of: [settings.computation(for: gemma)]).prefix(10), settings: serving)
        if let refusal = served.chatRefusal { logger.notice("no conversations: \(refusal.message)") }
        if !serving.isLocal, serving.apiKeys.isEmpty {
            logger.warning(
                "anyone who reaches \(serving.host) can use this server; give it a key with --api-key-file, or --host 127.0.0.1"
            )
        }
        let (host, scheme) = (serving.host, serving.tls == nil ? "http" : "https")
        try Interruptible.run {
            try await carat.run { port in
                logs.notice(
                    "serving", metadata: ["url": host.hasPrefix("/") ? "unix:\(host)" : "\(scheme)://\(host):\(port)"])
            }
        }
        logger.notice("ended")
    }
}
