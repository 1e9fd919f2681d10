import ArgumentParser
import Engine
import Gemma
import Tokenizer

/// `carat run`: text in, text out.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Generate text, or chat.",
        discussion: """
            The text goes to stdout, all else to stderr. Without a prompt on a terminal it is a chat. Files with Gemma's \
            chat template get prompts as a user's turn; --raw gives them text to continue. Ctrl-C ends with what was made.
            """)

    @OptionGroup var model: ModelOption
    @OptionGroup var input: PromptInput
    @Option(
        name: [.customShort("n"), .customLong("predict")],
        help: ArgumentHelp(
            "Most tokens to generate; -1 until the model ends or the context is full.", valueName: "tokens"))
    var maxTokens = -1
    @Option(
        name: [.long, .customShort("r"), .customLong("reverse-prompt")],
        help: ArgumentHelp("End at this text, which is not shown. May be repeated.", valueName: "text"))
    var stop: [String] = []
    @Flag(help: "Do not let the model end its text.")
    var ignoreEos = false
    @Flag(help: "Continue the prompt as text, without a chat template.")
    var raw = false
    @Flag(help: "Print one JSON object with text, counts and times instead of streaming text.")
    var json = false
    @Flag(name: [.short, .long], help: "Say what was loaded, the kernels and threads, and the plan.")
    var verbose = false
    @OptionGroup(title: "Sampling") var sampling: SamplingFlags
    @OptionGroup(title: "Machine") var engine: EngineFlags

    func run() throws {
        Interrupt.install()
        let settings = try engine.settings()
        let prompt = try input.read()
        let session = try Session(try GemmaModel(try model.openFile()), settings: settings)
        session.isCancelled = { Interrupt.isRequested }
        if verbose { Output.note(StartReport(session, settings: settings, name: model.displayName).text) }

        let template = raw ? nil : ChatTemplate(jinja: session.model.chatTemplate)
        guard let prompt else {
            return try Chat(session, template: template, options: options, name: model.displayName).run()
        }
        let tokens =
            template?.userTurn(
                String(decoding: prompt, as: UTF8.self), isFirst: true, tokenizer: session.model.tokenizer)
            ?? session.model.tokenizer.encode(utf8: prompt)
        let result = try stream(tokens, session)
        if json {
            try Output.write(RunReport(result, model: model.displayName, settings: settings).json + "\n")
        } else {
            if !result.text.hasSuffix("\n") { try Output.write("\n") }
            Output.note(result.summary + "\n")
        }
        if result.finishReason == .cancelled { throw ExitCode(130) }
    }

    private var options: GenerationOptions {
        var options = GenerationOptions(maxTokens: maxTokens < 0 ? nil : maxTokens)
        options.sampling = sampling.options
        options.stop = stop
        options.ignoreEndOfText = ignoreEos
        return options
    }

    private func stream(_ tokens: [TokenID], _ session: Session) throws -> GenerationResult {
        var bar = ProgressBar("prefill", unit: "token")
        var failure: (any Error)?
        let result = try session.generate(
            tokens, options: options,
            progress: { done, total in
                bar.update(done, of: total)
                if done == total { bar.finish() }
            },
            emit: { piece in
                guard !json else { return true }
                do { try Output.write(piece) } catch { failure = error }
                return failure == nil
            })
        bar.finish()
        if let failure { throw failure }
        return result
    }
}
