import ArgumentParser
import Compute
import Engine
import Evaluation
import Gemma
import Planner
import Tokenizer

/// The text that models are judged by, and how it is cut into windows.
struct WindowFlags: ParsableArguments {
    @Option(name: [.short, .long], help: ArgumentHelp("The text; - or nothing is stdin.", valueName: "file"))
    var file: String?
    @Option(
        name: [.customShort("c"), .customLong("ctx-size")], parsing: .unconditional,
        help: ArgumentHelp("Tokens of a window. (default: 512)", valueName: "tokens"))
    var window: Int?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Begin a window every n tokens and score its last n. Default: windows side by side.", valueName: "n"))
    var stride: Int?
    @Option(parsing: .unconditional, help: ArgumentHelp("Most windows to read.", valueName: "n"))
    var chunks: Int?

    func validate() throws {
        for case (let name, let value?) in [("-c", window), ("--stride", stride), ("--chunks", chunks)] where value < 1
        {
            throw ValidationError("\(name) is \(value), where 1 or more is possible.")
        }
    }

    /// - Parameter standard: tokens of a window where -c says nothing.
    /// Throws: `EvaluationError`, or what reading says.
    func windows(for tokenizer: Tokenizer, standard: Int = 512) throws -> TextWindows {
        guard file != nil || !Output.stdinIsTerminal else { throw ValidationError("Give a text with -f or on stdin.") }
        let text = try file.flatMap { $0 == "-" ? nil : try PromptInput.read($0) } ?? PromptInput.readStandardInput()
        guard !text.isEmpty else { throw EvaluationError.emptyText }
        return try TextWindows(
            tokenizer.encode(utf8: text), tokenizer: tokenizer, window: window ?? standard, stride: stride,
            limit: chunks)
    }
}

/// What the commands that judge models share.
enum Judging {
    /// Turns the first Ctrl-C into a clean end.
    static func run(_ work: () throws -> Void) throws {
        Interrupt.install()
        do { try work() } catch EvaluationError.cancelled { throw ExitCode(Interrupt.exitCode) }
    }

    /// Says how far the work came, for a clean end.
    static func interrupted(after done: Int, of total: Int, figure: String) -> EvaluationError {
        let soFar = figure.isEmpty ? "" : ": \(figure) so far"
        Output.note("interrupted after \(done) of \(total) windows\(soFar)\n")
        return .cancelled
    }

    /// A model, ready to read windows.
    static func model(_ model: GemmaModel, _ settings: EngineSettings, _ windows: TextWindows) throws -> WindowModel {
        var settings = settings
        MachineFacts(isVerbose: false).complete(&settings, for: model)
        let result = try WindowModel(model, settings: settings, windows: windows)
        result.isCancelled = { Interrupt.isRequested }
        return result
    }

    /// Those of a parent: nothing is saved on its figures.
    static func parentSettings(_ machine: MachineFlags) throws -> EngineSettings {
        var settings = try machine.settings()
        settings.precision = .full
        settings.cacheElement = .f32
        settings.valueElement = nil
        return settings
    }

    /// "carat-tiny-F16.gguf, precision full, KV cache f32".
    static func description(_ name: String, _ settings: EngineSettings) -> String {
        let keys = settings.cacheElement
        let values = settings.valueElement ?? keys
        let cache = keys == values ? keys.rawValue : "\(keys.rawValue)/\(values.rawValue)"
        return "\(name), precision \(settings.precision.rawValue), KV cache \(cache)"
    }
}
