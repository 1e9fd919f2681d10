public import ArgumentParser
public import Compute
public import Quantizer
import GGUF

/// `carat quantize`: a model file in a smaller format.
struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Write a model file in another format.",
        usage: "carat quantize <in> <out> <type> [<options>]",
        discussion: """
            Types: \(Recipe.all.map(\.name).joined(separator: ", ")). \
            Files have the bytes of llama.cpp's quantizer, and --effort high smaller errors at the same size. The \
            output gets its name when all is on disk; Ctrl-C leaves nothing behind.
              carat quantize gemma-F16.gguf gemma-Q4_K_M.gguf Q4_K_M
              carat quantize F16.gguf out.gguf Q2_K --imatrix imatrix.gguf
              carat quantize F16.gguf out.gguf Q4_K_M --tensor-type ffn_down=Q6_K
              carat quantize F16.gguf out.gguf Q3_K_M --effort high
              carat quantize F16.gguf out.gguf Q4_K_M --dry-run
            """)

    @Argument(help: ArgumentHelp("The model: F32, F16 or BF16.", valueName: "in"))
    var input: String
    @Argument(help: ArgumentHelp("The file to write.", valueName: "out"))
    var output: String
    @Argument(help: ArgumentHelp("What to make.", valueName: "type"))
    var type: String
    @Option(
        help: ArgumentHelp(
            "A type for tensors whose names match a regular expression; repeatable.", valueName: "pattern=type"))
    var tensorType: [String] = []
    @Flag(help: "The same type for all matrices, no mix.")
    var pure = false
    @Option(help: ArgumentHelp("Importance matrix: errors weigh as inputs do.", valueName: "file"))
    var imatrix: String?
    @Flag(help: "Accept tensors that are quantized already.")
    var allowRequantize = false
    @Option(help: "Mixes of today, or of the first Gemma files.")
    var recipe = Recipe.Edition.current
    @Option(help: "Search for the scales of K formats: llama.cpp's, or one with smaller errors.")
    var effort = EncodingEffort.normal
    @Option(
        name: [.short, .long], parsing: .unconditional,
        help: ArgumentHelp("Threads. Default: cores of the affinity mask within the cgroup quota.", valueName: "n"))
    var threads = ThreadBudget.current().threads
    @Option(help: ArgumentHelp("Instruction set. Default: the fastest here.", valueName: "name"))
    var isa: String?
    @Flag(help: "Print what each tensor would become, and write nothing.")
    var dryRun = false

    func validate() throws {
        guard (1...1024).contains(threads) else { throw ValidationError("-t \(threads): 1 to 1024 is possible.") }
        do {
            _ = try (Recipe.named(type), tensorType.map { try TensorOverride($0) }, KernelChoice.one(isa))
        } catch let error as QuantizerError {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        Interrupt.install()
        if !dryRun { try OutputPath.check(output, isNoneOf: [imatrix]) }
        let file = try GGUFFile(path: input)
        var wanted = try Recipe.named(type)
        wanted.edition = recipe
        let importance = try imatrix.map { try ImportanceMatrix(path: $0) }
        let plan = try QuantizationPlan(
            file, recipe: wanted, isPure: pure, overrides: try tensorType.map { try TensorOverride($0) },
            importance: importance, allowsRequantizing: allowRequantize)
        let report = QuantizationReport(plan, hasImportance: importance != nil)
        if dryRun { return try Output.write(report.table) }
        Output.note(report.warnings)
        Output.noteThreadLimit(below: threads)
        var quantizer = FileQuantizer(file, plan: plan, importance: importance)
        (quantizer.threads, quantizer.kernels, quantizer.effort) = (threads, try KernelChoice.one(isa), effort)
        let start = ContinuousClock.now
        var monitor = WorkProgress("quantizing", unit: "MB", plural: "MB", total: plan.sourceByteCount / 1_000_000)
        defer { monitor.finish() }
        try quantizer.write(to: output) { done in
            if Interrupt.isRequested { throw ExitCode(Interrupt.exitCode) }
            monitor.update(done / 1_000_000)
        }
        monitor.finish()
        Output.note(report.summary(output, after: ContinuousClock.now - start))
    }
}

extension Recipe.Edition: ExpressibleByArgument {}
extension EncodingEffort: ExpressibleByArgument {}
