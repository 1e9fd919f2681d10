import ArgumentParser
import BatchRunner
import Engine
import Gemma

/// `carat batch`: a file of requests, or a folder of documents, in; a file of results out.
struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Answer a file of requests or a folder of documents.",
        discussion: """
            The input is OpenAI's batch format, a request in each line; with --docs each text file is one. Every line \
            gets exactly one result, whatever happens on the way: run the same command again and it goes on where it \
            stopped. Lines that begin alike are run together, so that the beginning is computed once. Ctrl-C keeps \
            what is complete; a second one ends at once.
              carat batch -m gemma.gguf in.jsonl -o out.jsonl
              carat batch -m gemma.gguf --docs texts --prompt-template ask.txt -n 200 -o out.jsonl
              carat batch -m gemma.gguf in.jsonl --shard 2/8 -o out-2.jsonl
            """)

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
    @OptionGroup(title: "Machine") var engine: EngineFlags

    func validate() throws {
        guard (1...4096).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency), where 1 to 4096 is possible.")
        }
        try engine.check()
        do { _ = try ownShard } catch { throw ValidationError("\(error)") }
    }

    private var ownShard: Shard {
        get throws(BatchError) { try shard.map { text throws(BatchError) in try Shard(text) } ?? .whole }
    }

    func run() throws {
        Interrupt.install()
        ignoreFileSizeSignal()
        let shard = try ownShard
        // all that can be refused, before a model is loaded
        let inputFile = try source.open()
        let output = try BatchOutput(results.output, errorFile: results.errorFile)
        try results.check(output, inputFile)
        let input = try source.read(inputFile, results: results)
        var settings = try engine.settings()
        let gemma = try GemmaModel(try model.openFile())
        MachineFacts(isVerbose: verbose).complete(&settings, for: gemma)
        let setup = BatchSetup(
            settings: settings, modelName: modelName ?? model.displayName, overflow: overflow, concurrency: concurrency)
        try output.resume(
            input, options: setup.optionsHash(gemma, source: source), shard: shard, restarts: results.restart)
        let answerer = try EngineAnswerer(gemma, setup: setup)
        let monitor = BatchMonitor(metrics: results.metricsFile, shard: shard)
        let job = BatchJob(input, shard: shard, concurrency: concurrency)
        let progress = try Interruptible.run {
            try await job.run(answerer, output: output, report: monitor.report)
        }
        monitor.finish(progress, output: results.output)
        if progress.isCancelled { throw ExitCode(Interrupt.exitCode) }
    }
}

/// What becomes of prompts that are longer than the context.
enum BatchOverflow: String, ExpressibleByArgument, CaseIterable, Sendable {
    case error, split
}
