import ArgumentParser
import Bench
import Compute
import Engine
import Planner

/// `carat bench`: tokens per second of prompts and generation, in llama-bench's ways.
struct BenchModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Measure tokens per second of prompts (pp) and of generation (tg).",
        discussion: """
            Flags, fields and formats are those of llama-bench, and its compare script reads the csv and jsonl. Every \
            combination of the values is a test: lists (1,2,4), ranges (1-8, 1-8+2, 1-64*2) and repeated flags. Tokens \
            are random; reading text and sampling are not timed. Ctrl-C prints what is done.
              carat bench -m gemma-2b-Q4_K_M.gguf -p 512 -n 128 -d 0,4096
              carat bench -m gemma-2b-Q4_K_M.gguf --precision full,auto -o jsonl
              carat bench --synthetic gemma-2b:Q4_K_M              without any download
            """)

    @Option(
        name: [.short, .long], help: ArgumentHelp("GGUF file of a Gemma model; may be repeated.", valueName: "file"))
    var model: [String] = []
    @Option(
        help: ArgumentHelp(
            "A model of a known shape with random weights, made in the cache folder; may be repeated.",
            valueName: "shape:format"))
    var synthetic: [String] = []
    @OptionGroup(title: "Tests") var tests: BenchTestFlags
    @Option(
        help: ArgumentHelp(
            "Instruction set of the kernels. Default: CARAT_ISA, else the fastest that this CPU runs.",
            valueName: "name"))
    var isa: String?
    @Option(
        name: [.short, .long], parsing: .unconditional,
        help: ArgumentHelp("Times that each test is run.", valueName: "n"))
    var repetitions = 5
    @Option(name: [.short, .long], help: "Format on stdout.")
    var output = RecordFormat.md
    @Option(
        name: [.customLong("oe", withSingleDash: true), .long], help: "A second format, on stderr.")
    var outputErr: RecordFormat?
    @Option(help: ArgumentHelp("Write a page with charts too; measures kernels and depths for it.", valueName: "html"))
    var report: String?
    @Option(help: ArgumentHelp("What results call this build; the precision goes before it.", valueName: "name"))
    var build = "carat-\(CaratCommand.configuration.version)"
    @Flag(help: "Do not run each test once before the clock starts.")
    var noWarmup = false

    func validate() throws {
        guard (1...100_000).contains(repetitions) else {
            throw ValidationError("--repetitions \(repetitions): 1 to 100000 is possible.")
        }
        _ = try KernelChoice.one(isa)
        do {
            _ = try tests.matrix().tests(models: 1)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// The files, synthetic ones made where they are missing, with what was measured of each on these kernels.
    private func openModels(_ kernels: Kernels) throws -> [BenchModel] {
        let paths = try model + synthetic.map { try syntheticModelPath($0) }
        let models: [String?] = paths.isEmpty ? [nil] : paths
        return try models.map { path in
            var model = try BenchModel(path: path)
            model.settings.kernels = kernels
            MachineFacts(isVerbose: false).complete(&model.settings, for: model.model, needsErrors: true)
            return model
        }
    }

    func run() throws {
        Interrupt.install()
        let kernels = try KernelChoice.one(isa)
        let models = try openModels(kernels)
        var matrix = try tests.matrix()
        if report != nil, tests.depth.isEmpty {
            matrix.depths = ReportPage.depths(fitting: models.map(\.facts), matrix: matrix)
        }
        var run = try BenchRun(models: models, tests: try matrix.tests(models: models.count))
        run.repetitions = repetitions
        run.warmsUp = !noWarmup
        run.build = build

        // a path that cannot be written is said before the work
        let target = try report.map { try ReportFile($0, isNoneOf: model) }
        let threads = Set(run.tests.flatMap { [$0.threads, $0.prefillThreads] })
        Output.noteThreadLimit(below: threads.max() ?? 1)
        var status = BenchStatus()
        status.show("measuring the machine's limits")
        let machine = MachineState.current(kernels: kernels)
        let limits = try MachineLimits.measure(threads: threads)
        var sinks = [BenchSink(output, run.tests, isError: false)]
        if let outputErr { sinks.append(BenchSink(outputErr, run.tests, isError: true)) }
        status.clear()
        if let warning = limits.warning { Output.note(warning + "\n") }
        for sink in sinks { try sink.begin() }

        var records: [BenchRecord] = []
        let isComplete: Bool
        do {
            isComplete = try run.run(
                machine: machine, limits: limits, isCancelled: { Interrupt.isRequested },
                progress: { status.show("[\($0.done + 1)/\($0.total)] \($0.step)") },
                emit: { record in
                    status.clear()
                    records.append(record)
                    for index in sinks.indices { try sinks[index].write(record) }
                    if let warning = record.warning { Output.note(warning + "\n") }
                })
        } catch {
            status.clear()
            for sink in sinks { try? sink.end(machine: machine, limits: limits) }  // what is there stays readable
            throw error
        }
        status.clear()
        for sink in sinks { try sink.end(machine: machine, limits: limits) }
        if let target {
            var kernelRecords: [KernelRecord] = []
            if isComplete {
                let bench = KernelBench(
                    formats: KernelBench.formats(of: models.map(\.facts)), kernels: [kernels],
                    positions: KernelBench.defaultPositions, limits: limits)
                kernelRecords = bench.run(
                    isCancelled: { Interrupt.isRequested }, progress: { status.show("kernels: \($0)") }, emit: { _ in })
                status.clear()
            }
            try target.write(
                ReportPage(machine: machine, limits: limits, records: records, kernels: kernelRecords).html)
        }
        if !isComplete || Interrupt.isRequested { throw ExitCode(130) }
    }
}

extension RecordFormat: ExpressibleByArgument {}
