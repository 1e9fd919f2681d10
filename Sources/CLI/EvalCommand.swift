import ArgumentParser
import Engine
import Evaluation
import GGUF
import Gemma
import JSON
import Synchronization
import Tokenizer

/// `carat eval`: how many questions of a file a model gets right.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Accuracy on a file of questions, in lm-evaluation-harness's ways.",
        discussion: """
            The file has a JSON object in each line, as the task's dataset is published; --list says which fields. \
            Prompts and scores are those of lm-evaluation-harness: a choice is as probable as its tokens after the \
            prompt, which all choices share and which is computed once. Nothing is cut to fit: a prompt over the \
            context is an error.
              carat eval hellaswag_val.jsonl --task hellaswag -m gemma-2b-Q4_K_M.gguf
              carat eval mmlu.jsonl --task mmlu --shots 5 --shots-file mmlu_dev.jsonl
              carat eval mine.jsonl --limit 100 -o results.jsonl
              carat eval mine.jsonl --show 2                  the prompts, nothing run
            """)

    @Argument(help: ArgumentHelp("Questions, a JSON object in each line.", valueName: "jsonl"))
    var file: String?
    @Option(
        help: ArgumentHelp("What the file holds (--list). Default: told by the first line's fields.", valueName: "name")
    )
    var task: String?
    @Flag(help: "List the tasks, the lines that they read, and their prompts.")
    var list = false
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Print prompt and choices of the first n questions, and run nothing.", valueName: "n"))
    var show: Int?
    @Option(parsing: .unconditional, help: ArgumentHelp("Take the first n questions.", valueName: "n"))
    var limit: Int?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Examples with their answers before each question.", valueName: "n")
    )
    var shots = 0
    @Option(
        help: ArgumentHelp("Where examples come from, first ones first: a file of the same kind.", valueName: "jsonl"))
    var shotsFile: String?
    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("Most tokens of a generated answer.", valueName: "n"))
    var maxTokens = 64
    @Option(
        help: ArgumentHelp("What ends a generated answer; may be repeated. Default: a line's end.", valueName: "text"))
    var stop: [String] = []
    @Option(name: [.short, .long], help: ArgumentHelp("Write a line for each question here.", valueName: "jsonl"))
    var output: String?
    @Flag(help: "One JSON object on stdout, for machines.")
    var json = false
    @OptionGroup var model: ModelOption
    @OptionGroup(title: "Machine") var engine: EngineFlags

    func validate() throws {
        try engine.check()
        guard list || file != nil else { throw ValidationError("Give a file of questions, or --list.") }
        for (name, value, least) in [
            ("--limit", limit, 1), ("--show", show, 1), ("--shots", shots, 0), ("-n", maxTokens, 1),
        ] {
            if let value, value < least {
                throw ValidationError("\(name) is \(value), where \(least) or more is possible.")
            }
        }
        guard shots == 0 || shotsFile != nil else {
            throw ValidationError("--shots takes its examples from a file: give --shots-file.")
        }
        if let task { do { _ = try EvaluationTask.named(task) } catch { throw ValidationError("\(error)") } }
    }

    func run() throws {
        if list { return try Output.write(EvaluationTask.all.map(Self.listed).joined(separator: "\n")) }
        guard let file else { return }
        Interrupt.install()
        try output.map { try OutputPath.check($0, isNoneOf: [file, model.model, shotsFile]) }
        let lines = try TaskLine.all(in: PromptInput.read(file), path: file)
        let task =
            try self.task.map { (name) throws(EvaluationError) in try EvaluationTask.named(name) } ?? .detected(lines)
        let examples =
            try shotsFile.map { path in
                try task.items(TaskLine.all(in: PromptInput.read(path), path: path))
            } ?? []
        let items = try task.items(Array(lines.prefix(limit ?? lines.count)))
        let gguf = try model.openFile()
        let context = engine.context
        func prepared(_ tokenizer: Tokenizer, _ context: Int) throws -> TaskRun {
            var generation = TaskRun.Generation()
            generation.maxTokens = maxTokens
            if !stop.isEmpty { generation.stop = stop }
            return try TaskRun(
                task, items: items, examples: examples, shots: shots, examplesPath: shotsFile ?? "",
                tokenizer: tokenizer, context: context, generation: generation)
        }
        if let show {
            let run = try prepared(Tokenizer(try Vocabulary(gguf.metadata)), context == 0 ? .max : context)
            for (index, item) in run.items.prefix(show).enumerated() {
                try Output.write("--- \(task.name), question \(index + 1), line \(item.line)\n\(item.shown)")
            }
            return
        }
        let gemma = try GemmaModel(gguf)
        let run = try prepared(gemma.tokenizer, context == 0 ? gemma.config.contextLength : context)
        try judge(run, gemma)
    }

    private func judge(_ run: TaskRun, _ model: GemmaModel) throws {
        var settings = try self.engine.settings()
        settings.sequences = Self.sequences
        MachineFacts(isVerbose: false).complete(&settings, for: model)
        // a path that cannot be written is said before the work
        let results = try output.map { try ReplacementFile($0) }
        let engine = try Engine(model, settings: settings)
        let task = run.task
        let meter = Mutex((WorkProgress(task.name, unit: "question", total: run.items.count), 0, RunningMean()))
        let done = try Interruptible.run {
            try await run.run(on: engine) { _, result in
                meter.withLock { meter in
                    meter.1 += 1
                    if let value = task.metrics.first.flatMap(result.value), task.metrics.first != .perplexity {
                        meter.2.add(value)
                    }
                    let figure = meter.2.count > 0 ? "\(task.metrics[0].rawValue) \(meter.2.mean.fixed(4))" : ""
                    meter.0.update(meter.1, figure: figure)
                }
            }
        }
        let seconds = meter.withLock { meter in
            meter.0.finish()
            return meter.0.seconds
        }
        let inOrder = done.sorted { $0.key < $1.key }.map(\.value)
        if let results {
            for result in inOrder { try results.write((result.json(task.metrics).serializedInOrder + [10])[...]) }
            try results.commit()
        }
        let cached = inOrder.reduce(0) { $0 + $1.cachedTokens }
        try write(TaskScore(task, inOrder), task, count: inOrder.count)
        Output.note(
            """
            [\(inOrder.count) of \(run.items.count) questions in \(formatSeconds(seconds)) | \(run.promptTokens) prompt \
            tokens, \(cached) of them shared]

            """)
        if inOrder.count < run.items.count { throw ExitCode(Interrupt.exitCode) }
    }

    /// Texts that run side by side: a good part of a ubatch of short choices.
    private static let sequences = 32

    private func write(_ score: TaskScore, _ task: EvaluationTask, count: Int) throws {
        guard json else {
            var text =
                "\(task.name), \(count) questions, \(shots) \(shots == 1 ? "example" : "examples"), \(model.displayName)\n"
            for (metric, estimate) in score.metrics {
                let name = metric.rawValue + String(repeating: " ", count: max(0, 12 - metric.rawValue.count))
                text += "\(name) \(estimate.value.fixed(4)) ± \(estimate.standardError.fixed(4))\n"
            }
            return try Output.write(text)
        }
        var members: [(String, JSONValue)] = [
            ("task", .string(task.name)), ("file", .string(file ?? "")), ("model", .string(model.displayName)),
            ("questions", .integer(count)), ("shots", .integer(shots)),
        ]
        for (metric, estimate) in score.metrics {
            members += [
                (metric.rawValue, .number(estimate.value)),
                (metric.rawValue + "_stderr", .number(estimate.standardError)),
            ]
        }
        try Output.write(bytes: JSONValue.object(JSONObject(members)).serializedInOrder + [10])
    }

    private static func listed(_ task: EvaluationTask) -> String {
        let entries = [
            ("lines:   ", task.lines), ("prompt:  ", task.prompt),
            ("figures: ", task.metrics.map(\.rawValue).joined(separator: ", ")),
        ]
        return "\(task.name): \(task.summary)\n"
            + entries.map { wrapped("    " + $0.0, $0.1, width: 80) }.joined()
    }

    /// The text in lines of at most `width` characters, unless a word is longer; those after the first are indented as
    /// far as the first one's head.
    private static func wrapped(_ head: String, _ text: String, width: Int) -> String {
        var lines = [head]
        var isFirstWord = true
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let line = lines[lines.count - 1]
            if isFirstWord {
                lines[lines.count - 1] += word
            } else if line.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(repeating: " ", count: head.count) + word)
            }
            isFirstWord = false
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
