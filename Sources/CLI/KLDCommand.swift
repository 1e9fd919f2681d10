import ArgumentParser
import Compute
import Engine
import Evaluation
import GGUF
import Gemma
import JSON
import Planner
import Tokenizer

/// `carat kld`: how far a model is from the full-precision one it was made from.
struct KLDCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kld",
        abstract: "Kullback-Leibler divergence from a full-precision parent.",
        discussion: """
            Compares, at each scored position of a text (windows as in carat perplexity), the model's distribution \
            over all tokens with its parent's. The parent is a file (--parent), run alongside in full precision with \
            an F32 KV cache, or its log-probabilities from carat perplexity --save-logits or llama-perplexity \
            --kl-divergence-base (--logits), which bring their own text. Flags of the machine are the model's: what a \
            choice costs is the divergence of a file from itself.
              carat kld -m gemma-Q4_K_M.gguf --parent gemma-F16.gguf -f wiki.test.raw
              carat kld -m gemma-Q4_K_M.gguf --logits f16.logits
              carat kld -m gemma-F16.gguf --parent gemma-F16.gguf -f t.txt -ctk q8_0
            """)

    @OptionGroup var model: ModelOption
    @Option(help: ArgumentHelp("GGUF file of the full-precision parent.", valueName: "file"))
    var parent: String?
    @Option(help: ArgumentHelp("The parent's log-probabilities.", valueName: "file"))
    var logits: String?
    @OptionGroup(title: "Text") var text: WindowFlags
    @OptionGroup(title: "Machine") var machine: MachineFlags
    @Flag(help: "One JSON object on stdout, for machines.")
    var json = false

    func validate() throws {
        try machine.check()
        guard (parent == nil) != (logits == nil) else {
            throw ValidationError("Give the parent's file with --parent, or its log-probabilities with --logits.")
        }
        if logits != nil, text.window != nil {
            throw ValidationError("--logits brings its own windows, of the file's length: leave -c out.")
        }
        if logits != nil, text.stride != nil {
            throw ValidationError("--logits has windows without a stride: leave --stride out, or give --parent.")
        }
    }

    func run() throws {
        try Judging.run {
            let model = try GemmaModel(try self.model.openFile())
            let settings = try machine.settings()
            let (windows, parentModel, parentName) = try source(model)
            let child = try Judging.model(model, settings, windows)
            Output.note(
                """
                \(Judging.description(self.model.displayName, settings)) against \(parentName): \
                \(windows.count) windows of \(windows.window) tokens

                """)
            var progress = WorkProgress("kld", unit: "window", total: windows.count)
            defer { progress.finish() }
            var state = (done: 0, figure: "")
            let results: [TextDivergence]
            do {
                results = try TextDivergence.compare([child], with: parentModel, on: windows) { done, soFar in
                    state = (done, "KLD \(soFar[0].mean.value.fixed(6))")
                    progress.update(done, figure: state.figure)
                }
            } catch EvaluationError.cancelled {
                progress.finish()
                throw Judging.interrupted(after: state.done, of: windows.count, figure: state.figure)
            }
            progress.finish()
            let result = results[0]
            let report = DivergenceReport(result)
            let tokens = windows.count * windows.window
            let seconds = progress.seconds
            guard json else {
                try Output.write(report.text)
                return Output.note(
                    "[\(result.count) tokens compared | \(tokens) read in \(formatSeconds(seconds)) at "
                        + "\((Double(tokens) / seconds).fixed(1))/s]\n")
            }
            let members: [(String, JSONValue)] =
                [("model", .string(self.model.displayName)), ("parent", .string(parentName))] + report.members + [
                    ("windows", .integer(windows.count)), ("window", .integer(windows.window)),
                    ("precision", .string(settings.precision.rawValue)),
                    ("type_k", .string(settings.cacheElement.rawValue)),
                    ("type_v", .string((settings.valueElement ?? settings.cacheElement).rawValue)),
                    ("seconds", .number(seconds)), ("tokens_per_second", .number(Double(tokens) / seconds)),
                ]
            try Output.write(bytes: JSONValue.object(JSONObject(members)).serializedInOrder + [10])
        }
    }

    /// The windows, and the parent with what to call it.
    private func source(_ model: GemmaModel) throws -> (TextWindows, ParentModel, String) {
        if let logits {
            let file = try LogitsFile(path: logits, tokenizer: model.tokenizer)
            if text.file != nil {
                try file.require(try text.windows(for: model.tokenizer, standard: file.windows.window))
            }
            let windows = file.windows.prefix(text.chunks)
            return (windows, .stored(file), file.seal.map { "\($0.description) (\(logits))" } ?? logits)
        }
        let option = ModelOption(path: parent)
        let parent = try GemmaModel(try option.openFile())
        let windows = try text.windows(for: model.tokenizer)
        let settings = try Judging.parentSettings(machine)
        try TextDivergence.requireSameTokens(model.tokenizer.vocabulary, parent.tokenizer.vocabulary)
        return (
            windows, .live(try Judging.model(parent, settings, windows)),
            Judging.description(option.displayName, settings)
        )
    }
}
