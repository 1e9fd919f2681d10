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
        parsing: .unconditional,
        help: ArgumentHelp(
            "Most tokens to generate; -1 until the model ends or the context is full.", valueName: "tokens"))
    var maxTokens = -1
    @Option(
        name: [.long, .customShort("r"), .customLong("reverse-prompt")], parsing: .unconditionalSingleValue,
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

    func validate() throws {
        do {
            _ = try engine.settings()
            try sampling.options.validate(vocabularyCount: .max)
        } catch let error as EngineError {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        Interrupt.install()
        var settings = try engine.settings()
        let prompt = try input.read()
        if prompt == nil, json { throw ValidationError("--json needs a prompt: -p, -f or stdin.") }
        let start = ContinuousClock.now
        let gemma = try GemmaModel(try model.openFile())
        MachineFacts(isVerbose: verbose).complete(&settings, for: gemma)
        let session = try Session(gemma, settings: settings)
        let loadSeconds = (ContinuousClock.now - start) / .seconds(1)
        session.isCancelled = { Interrupt.isRequested }
        if verbose { Output.note(StartReport(session, settings: settings, name: model.displayName).text) }

        let template = raw ? nil : try ChatTemplate(session.model)
        guard let prompt else {
            return try Chat(session, template: template, options: options, name: model.displayName).run()
        }
        let result = try GenerationStream(session: session, options: options, showsText: !json)
            .run(tokens(of: prompt, template, session))
        if json {
            let report = RunReport(result, loadSeconds: loadSeconds, model: model.displayName, settings: settings)
            try Output.write(report.json + "\n")
        } else {
            Output.note("[loaded in \(formatSeconds(loadSeconds)) | \(result.summary)]\n")
        }
        if result.finishReason == .cancelled { throw ExitCode(130) }
    }

    private func tokens(of prompt: [UInt8], _ template: ChatTemplate?, _ session: Session) -> [TokenID] {
        let tokenizer = session.model.tokenizer
        guard let template else { return tokenizer.encode(utf8: prompt) }
        if String(validating: prompt, as: UTF8.self) == nil {
            Output.note("The prompt is not valid UTF-8; what is not became U+FFFD.\n")
        }
        return template.userTurn(String(decoding: prompt, as: UTF8.self), after: .start, tokenizer: tokenizer)
    }

    private var options: GenerationOptions {
        var options = GenerationOptions(maxTokens: maxTokens < 0 ? nil : maxTokens)
        options.sampling = sampling.options
        options.stop = stop
        options.ignoreEndOfText = ignoreEos
        return options
    }
}
