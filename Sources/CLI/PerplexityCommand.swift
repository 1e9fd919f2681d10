import ArgumentParser
import Compute
import Engine
import Evaluation
import Gemma
import JSON
import Planner
import Tokenizer

/// `carat perplexity`: how well a model foretells a text.
struct PerplexityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity",
        abstract: "Perplexity of a model on a text, in llama.cpp's windows.",
        discussion: """
            The text is cut into windows of -c tokens (512); each begins with BOS, and the second half of each is \
            scored: figures compare with those of llama-perplexity. The error is one standard error, as if tokens were \
            independent. --save-logits keeps the model's log-probabilities, two bytes for each token of the vocabulary \
            at each scored position, for carat kld and for llama-perplexity --kl-divergence.
              carat perplexity -m gemma-2b-Q4_K_M.gguf -f wiki.test.raw
              carat perplexity -m gemma-2b.gguf -f wiki.test.raw -c 2048 --stride 512
              carat perplexity -m f16.gguf -f text.txt --chunks 8 --save-logits f16.logits
            """)

    @OptionGroup var model: ModelOption
    @OptionGroup(title: "Text") var text: WindowFlags
    @OptionGroup(title: "Machine") var machine: MachineFlags
    @Option(help: ArgumentHelp("Keep the log-probabilities here.", valueName: "file"))
    var saveLogits: String?
    @Flag(help: "One JSON object on stdout, for machines.")
    var json = false

    func validate() throws { try machine.check() }

    func run() throws {
        try Judging.run {
            try saveLogits.map { try OutputPath.check($0, isNoneOf: [self.model.model, text.file]) }
            let model = try GemmaModel(try self.model.openFile())
            let windows = try text.windows(for: model.tokenizer)
            let settings = try machine.settings()
            let reader = try Judging.model(model, settings, windows)
            let description = Judging.description(self.model.displayName, settings)
            let file = try saveLogits.map { path in
                let bytes = LogitsFileWriter.byteCount(
                    windows, vocabularyCount: model.tokenizer.vocabulary.count)
                Output.note("\(path) takes \(formatBytes(bytes))\n")
                return try LogitsFileWriter(path, windows: windows, model: model, description: description)
            }
            Output.note(
                "\(description): \(windows.count) windows of \(windows.window) tokens\n")
            var progress = WorkProgress("perplexity", unit: "window", total: windows.count)
            defer { progress.finish() }
            var state = (done: 0, figure: "")
            let result: TextPerplexity
            do {
                result = try TextPerplexity(of: windows, by: reader, savingTo: file) { done, soFar in
                    state = (done, "PPL \(soFar.estimate.value.fixed(4))")
                    progress.update(done, figure: state.figure)
                }
            } catch EvaluationError.cancelled {
                progress.finish()
                throw Judging.interrupted(after: state.done, of: windows.count, figure: state.figure)
            }
            progress.finish()
            try file?.finish()
            let tokens = windows.count * windows.window
            let seconds = progress.seconds
            if json {
                return try Output.write(
                    bytes: report(result, windows, settings, seconds: seconds).serializedInOrder + [10])
            }
            try Output.write(
                "Final estimate: PPL = \(result.estimate.value.fixed(4)) +/- \(result.estimate.standardError.fixed(5))\n"
            )
            Output.note(
                """
                [\(result.losses.count) tokens scored | \(tokens) read in \(formatSeconds(seconds)) at \
                \((Double(tokens) / seconds).fixed(1))/s]

                """)
        }
    }

    private func report(
        _ result: TextPerplexity, _ windows: TextWindows, _ settings: EngineSettings, seconds: Double
    ) -> JSONValue {
        let tokens = windows.count * windows.window
        return .object(
            JSONObject([
                ("model", .string(model.displayName)),
                ("perplexity", .number(result.estimate.value)),
                ("perplexity_stderr", .number(result.estimate.standardError)),
                ("mean_loss", .number(result.losses.mean)),
                ("mean_loss_stderr", .number(result.losses.standardError)),
                ("scored_tokens", .integer(result.losses.count)),
                ("windows", .integer(windows.count)),
                ("window", .integer(windows.window)),
                ("stride", windows.stride.map { .integer($0) } ?? .null),
                ("precision", .string(settings.precision.rawValue)),
                ("type_k", .string(settings.cacheElement.rawValue)),
                ("type_v", .string((settings.valueElement ?? settings.cacheElement).rawValue)),
                ("seconds", .number(seconds)),
                ("tokens_per_second", .number(Double(tokens) / seconds)),
            ]))
    }
}
