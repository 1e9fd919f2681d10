import ArgumentParser
import BatchRunner
import Engine
import Gemma
import Importance
import Planner
import Tokenizer

/// `carat imatrix`: which columns of the weights meet large inputs.
struct ImatrixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imatrix",
        abstract: "Measure an importance matrix on a text, for better quantization.",
        usage: "carat imatrix -m <file> -f <text> -o <gguf> [<options>]",
        discussion: """
            Runs the text through the model in windows of -c tokens and adds up the squares of each projection's inputs. \
            Windows, sums and file are those of llama-imatrix, and llama-quantize --imatrix reads the file. Ctrl-C writes \
            the windows that are done.
              carat imatrix -m gemma-2b-F16.gguf -f text.txt -o imatrix.gguf
              carat imatrix -m gemma-2b-F16.gguf -f text.txt -o imatrix.gguf --chunks 99
            """)

    @OptionGroup var model: ModelOption
    @Option(name: [.short, .long], help: ArgumentHelp("The text, some hundred thousand words.", valueName: "text"))
    var file: String
    @Option(name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "gguf"))
    var output: String
    @Option(
        name: [.customShort("c"), .customLong("ctx-size")], parsing: .unconditional,
        help: ArgumentHelp("Tokens of a window.", valueName: "tokens"))
    var window = 512
    @Option(parsing: .unconditional, help: ArgumentHelp("Windows at most; -1 is all.", valueName: "n"))
    var chunks = -1
    @Option(
        name: [.customLong("chunk"), .customLong("from-chunk")], parsing: .unconditional,
        help: ArgumentHelp("Windows at the beginning to leave out.", valueName: "n"))
    var skipped = 0
    @Flag(help: "Take the text of control tokens, such as <end_of_turn>, for those tokens.")
    var parseSpecial = false
    @Flag(help: "Measure output.weight too, where the model has one of its own.")
    var processOutput = false
    @Option(
        name: [.short, .long], parsing: .unconditional,
        help: ArgumentHelp("Threads. Default: cores of the affinity mask within the cgroup quota.", valueName: "n"))
    var threads: Int?
    @Option(help: "Precision, as of carat run.")
    var precision = Precision.full
    @Option(
        help: ArgumentHelp(
            "Instruction set of the kernels. Default: CARAT_ISA, else the fastest that this CPU runs.",
            valueName: "name"))
    var isa: String?

    func validate() throws {
        guard skipped >= 0 else { throw ValidationError("--chunk is \(skipped), where 0 or more is possible.") }
        guard chunks == -1 || chunks > 0 else {
            throw ValidationError("--chunks is \(chunks), where 1 or more is possible, or -1 for all.")
        }
        do { _ = try settings() } catch let error as EngineError { throw ValidationError("\(error)") }
    }

    private func settings() throws -> EngineSettings {
        var settings = EngineSettings()
        if let threads { (settings.threads, settings.prefillThreads) = (threads, threads) }
        settings.context = window
        settings.ubatch = min(max(window, 1), 512)
        settings.precision = precision
        settings.kernels = try KernelChoice.one(isa)
        try settings.validate()
        return settings
    }

    func run() throws {
        Interrupt.install()
        ignoreFileSizeSignal()
        try OutputPath.check(output, isNoneOf: [model.model, file])
        var text = try PromptInput.read(file)
        // the end of the last line is no part of the text, for llama-imatrix either
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        var settings = try settings()
        let gemma = try GemmaModel(try model.openFile())
        if precision != .full { MachineFacts(isVerbose: false).complete(&settings, for: gemma) }
        let session = try Session(gemma, settings: settings)
        let tokens = gemma.tokenizer.encode(utf8: text, parseSpecial: parseSpecial)
        let measurement = try ImportanceMeasurement(
            session.gemma, tokens: tokens, window: window, skipping: skipped, most: chunks == -1 ? nil : chunks,
            withOutput: processOutput)

        let start = ContinuousClock.now
        var progress = WorkProgress("imatrix", unit: "token", total: measurement.total * window)
        defer { progress.finish() }
        try measurement.run(
            progress: { progress.update(Int($0 * Double(window))) }, isCancelled: { Interrupt.isRequested })
        progress.finish()
        let isInterrupted = measurement.chunks < measurement.total
        guard measurement.chunks > 0 else { throw ExitCode(Interrupt.exitCode) }
        try measurement.write(to: output, dataset: file)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let done = measurement.chunks * window
        Output.note(
            "\(output): \(measurement.chunks) of \(measurement.total) windows, \(done) tokens; "
                + "\(formatSeconds(seconds)), \((Double(done) / seconds).fixed(1)) tokens/s\n")
        if isInterrupted { throw ExitCode(Interrupt.exitCode) }
    }
}
