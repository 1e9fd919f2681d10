import ArgumentParser
import BatchRunner
public import Batches
import Engine
import Gemma
import OpenAI

/// What the commands that run many requests have in common.
struct BatchFlags: ParsableArguments {
    @OptionGroup var model: ModelOption
    @OptionGroup var source: BatchSource
    @OptionGroup(title: "Results") var results: BatchResults
    @Option(help: ArgumentHelp("Run only the lines that fall to part i of n (from 0).", valueName: "i/n"))
    var shard: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Lines that are answered at once.", valueName: "n"))
    var concurrency = 8
    @Option(help: "What becomes of a prompt that is longer than the context: a failed line, or overlapping windows.")
    var overflow = BatchOverflow.error
    @Option(help: ArgumentHelp("The model's name in results. Default: the file's name.", valueName: "name"))
    var modelName: String?
    @Flag(name: [.short, .long], help: "Say what was loaded, the kernels and threads, and the plan.")
    var verbose = false
    @OptionGroup(title: "Cache of prefixes") var cache: CacheFlags
    @OptionGroup(title: "Machine") var engine: EngineFlags

    /// For a command's `validate`: what makes no sense is wrong usage.
    func check(_ endpoint: DocumentEndpoint) throws {
        if source.docs != nil, source.promptTemplate == nil, endpoint.generates {
            throw ValidationError("--docs needs --prompt-template with the question to ask of each document.")
        }
        guard (1...4096).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency), where 1 to 4096 is possible.")
        }
        try engine.check()
        try cache.check()
        do { _ = try ownShard } catch { throw ValidationError("\(error)") }
    }

    private var ownShard: Shard {
        get throws(BatchError) { try shard.map { text throws(BatchError) in try Shard(text) } ?? .whole }
    }

    /// - Parameter endpoint: what documents are asked for.
    func run(documents endpoint: DocumentEndpoint, embedding: EmbeddingOptions) throws {
        Interrupt.install()
        ignoreFileSizeSignal()
        let shard = try ownShard
        // all that can be refused, before a model is loaded
        let inputFile = try source.open()
        let output = try BatchOutput(results.output, errorFile: results.errorFile)
        try results.check(output, inputFile)
        let input = try source.read(inputFile, results: results, endpoint: endpoint)
        var settings = try engine.settings()
        cache.apply(to: &settings, concurrency: concurrency)
        let gemma = try GemmaModel(try model.openFile())
        MachineFacts(isVerbose: verbose).complete(&settings, for: gemma)
        var answers = AnswerSettings(modelName: modelName ?? model.displayName)
        answers.overflow = overflow
        answers.embedding = embedding
        let options = answers.optionsHash(gemma, engine: settings, source: try source.options(endpoint))
        try output.resume(input, options: options, shard: shard, restarts: results.restart)
        let engine = try Engine(gemma, settings: settings)
        let answerer = EngineAnswerer(engine, model: try ServedModel(engine), settings: answers)
        let monitor = BatchMonitor(metrics: results.metricsFile, shard: shard)
        let job = BatchJob(input, shard: shard, concurrency: concurrency)
        let progress = try Interruptible.run {
            try await job.run(answerer, output: output, report: monitor.report)
        }
        monitor.finish(progress, output: results.output)
        engine.flushCache()
        if let failure = answerer.failure { throw failure }
        if progress.isCancelled { throw ExitCode(Interrupt.exitCode) }
    }
}

extension BatchOverflow: ExpressibleByArgument {}
