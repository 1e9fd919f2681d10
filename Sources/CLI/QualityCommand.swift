import ArgumentParser
import Bench
import Compute
import Engine
import Evaluation
import Foundation
import GGUF
import Gemma
import JSON
import Planner
import Tokenizer

/// `carat quality`: the table of a model's page, filled in.
struct QualityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quality",
        abstract: "Files of one model side by side: size, losses, speed.",
        discussion: """
            For each file: bits per weight, size, perplexity on a text, divergence from the full-precision parent (run \
            in full precision with an F32 KV cache), tokens per second of a prompt and of generation, and memory. As \
            a Markdown table on stdout, as JSON, or as a page with charts. Files that fit into memory together read \
            the text side by side, so that the parent is computed once for all of them.
              carat quality gemma-*.gguf --parent gemma-F16.gguf -f wiki.test.raw
              carat quality q4.gguf q2.gguf --parent f16.gguf -f t.txt --report q.html
            """)

    @Argument(help: ArgumentHelp("GGUF files made from the parent.", valueName: "gguf"))
    var models: [String]
    @Option(help: ArgumentHelp("GGUF file of the full-precision parent.", valueName: "file"))
    var parent: String
    @OptionGroup(title: "Text") var text: WindowFlags
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Times that each speed is measured; 0 leaves speeds out.", valueName: "n"))
    var repetitions = 3
    @Flag(help: "A JSON array on stdout instead of Markdown.")
    var json = false
    @Option(help: ArgumentHelp("Write a page with charts too.", valueName: "html"))
    var report: String?
    @OptionGroup(title: "Machine") var machine: MachineFlags

    func validate() throws {
        try machine.check()
        guard (0...1000).contains(repetitions) else {
            throw ValidationError("--repetitions \(repetitions): 0 to 1000 is possible.")
        }
    }

    private func open(_ path: String) throws -> GemmaModel { try GemmaModel(GGUFFile(path: path)) }

    func run() throws {
        try Judging.run {
            let inputs = models + [parent, text.file].compactMap(\.self)
            // a path that cannot be written is said before the work
            let target = try report.map { try ReportFile($0, isNoneOf: inputs) }
            let parentModel = try open(parent)
            let paths = models.filter { $0 != parent }
            let children = try paths.map { path in
                let child = try open(path)
                do {
                    try TextDivergence.requireSameTokens(
                        child.tokenizer.vocabulary, parentModel.tokenizer.vocabulary)
                } catch { throw UnlikeParent(path: path, reason: "\(error)") }
                return child
            }
            let windows = try text.windows(for: parentModel.tokenizer)
            let results = try compare(children, with: parentModel, on: windows)
            let parentPerplexity = try results.first?.parent.estimate ?? perplexity(of: parentModel, on: windows)

            var rows = [QualityRow(parentModel.file, name: Self.name(parent), perplexity: parentPerplexity)]
            for (index, result) in results.enumerated() {
                var row = QualityRow(
                    children[index].file, name: Self.name(paths[index]), perplexity: result.child.estimate)
                (row.divergence, row.agreement) = (result.mean, result.agreement)
                rows.append(row)
            }
            var table = QualityTable(rows)
            try measureSpeeds([parent] + paths, into: &table)
            let note = """
                \(windows.count) windows of \(windows.window) tokens, \(results.first?.count ?? 0) compared; parent \
                \(Self.name(parent)), \(parentModel.name); \(MachineState.current(kernels: try machine.settings().kernels).summary)
                """
            if json {
                try Output.write(bytes: table.json.serializedInOrder + [10])
            } else {
                try Output.write(table.markdown)
            }
            try target?.write(table.page(title: "Quality of \(parentModel.name)", note: note))
        }
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private func compare(
        _ children: [GemmaModel], with parent: GemmaModel, on windows: TextWindows
    ) throws -> [TextDivergence] {
        guard !children.isEmpty else { return [] }
        let reader = try Judging.model(parent, try Judging.parentSettings(machine), windows)
        let groups = Self.groups(children, besides: parent)
        var progress = WorkProgress("kld", unit: "window", total: windows.count * groups.count)
        defer { progress.finish() }
        var results: [TextDivergence] = []
        for (index, group) in groups.enumerated() {
            let readers = try group.map { try Judging.model($0, try machine.settings(), windows) }
            results += try TextDivergence.compare(readers, with: .live(reader), on: windows) { done, _ in
                progress.update(index * windows.count + done)
            }
        }
        return results
    }

    private func perplexity(of model: GemmaModel, on windows: TextWindows) throws -> Estimate {
        let reader = try Judging.model(model, try Judging.parentSettings(machine), windows)
        return try TextPerplexity(of: windows, by: reader).estimate
    }

    /// Models that fit into three quarters of the memory together with their parent, so that mapped weights stay there;
    /// at least one in each group.
    private static func groups(_ children: [GemmaModel], besides parent: GemmaModel) -> [[GemmaModel]] {
        let room = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4 * 3) - parent.file.bytes.count
        var groups: [[GemmaModel]] = []
        var used = Int.max
        for child in children {
            let bytes = child.file.bytes.count
            if used > room - bytes {
                groups.append([])
                used = 0
            }
            groups[groups.count - 1].append(child)
            used += bytes
        }
        return groups
    }

    /// Speeds by the bench, in fresh runs: what memory a file takes is seen there.
    private func measureSpeeds(_ paths: [String], into table: inout QualityTable) throws {
        guard repetitions > 0 else { return }
        let settings = try machine.settings()
        let limits = try MachineLimits.measure(threads: [settings.threads, settings.prefillThreads])
        if let warning = limits.warning { Output.note(warning + "\n") }
        let state = MachineState.current(kernels: settings.kernels)
        var progress = WorkProgress("speed", unit: "file", total: paths.count)
        defer { progress.finish() }
        for (index, path) in paths.enumerated() {
            var model = try BenchModel(path: path)
            model.settings.kernels = settings.kernels
            model.settings.errorBudget = settings.errorBudget
            MachineFacts(isVerbose: false).complete(&model.settings, for: model.model)
            var tests = [BenchTest(prompt: 512, generated: 0), BenchTest(prompt: 0, generated: 128)]
            for test in tests.indices {
                tests[test].threads = settings.threads
                tests[test].prefillThreads = settings.prefillThreads
                tests[test].ubatch = settings.ubatch
                tests[test].precision = settings.precision
                tests[test].keyElement = settings.cacheElement
                tests[test].valueElement = settings.valueElement ?? settings.cacheElement
            }
            var run = try BenchRun(models: [model], tests: tests)
            run.repetitions = repetitions
            let isDone = try run.run(
                machine: state, limits: limits, isCancelled: { Interrupt.isRequested },
                progress: { progress.update(index, figure: $0.step) },
                emit: { record in
                    let speed = Estimate(record.rates.mean, record.rates.standardDeviation)
                    if record.test.prompt > 0 {
                        table.rows[index].prefill = speed
                    } else {
                        table.rows[index].decode = speed
                    }
                    table.rows[index].memory = max(table.rows[index].memory ?? 0, record.peakMemory ?? 0)
                })
            if !isDone { throw EvaluationError.cancelled }
        }
    }
}

/// A file that was not made from the parent.
struct UnlikeParent: Error, CustomStringConvertible {
    let path: String
    let reason: String
    var description: String { "\(path): \(reason)" }
}
