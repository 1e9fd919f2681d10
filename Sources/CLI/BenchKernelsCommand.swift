import ArgumentParser
import Bench
import Compute

/// `carat bench kernels`: each kernel alone, against this machine's limits.
struct BenchKernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Measure each kernel alone: every format, instruction set, path and n.",
        discussion: """
            Runs the projections of the engine on weights in memory, for n below 32 on more of them than the caches \
            hold. Times are the fastest of repeated samples. Paths: quant, blas, dequantize (weights to Floats) and \
            quantize (activations to int8).
            """)

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Weight formats, such as Q4_K,Q6_K. (default: all)", valueName: "names"))
    var format: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Instruction sets: \(Kernels.InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")). "
                + "(default: CARAT_ISA, else all that this CPU runs)", valueName: "names"))
    var isa: [String] = []
    @Option(
        name: .short, parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Positions in one call, as a list. (default: 1,4,8,64,512)", valueName: "n"))
    var n: [String] = []
    @Option(
        name: [.short, .long], parsing: .unconditional,
        help: ArgumentHelp("Threads. Default: cores of the affinity mask within the cgroup quota.", valueName: "n"))
    var threads = ThreadBudget.current().threads
    @Option(name: [.short, .long], help: "Format on stdout.")
    var output = KernelFormat.md
    @Option(help: ArgumentHelp("Write a page with charts too.", valueName: "html"))
    var report: String?

    func validate() throws {
        guard (1...1024).contains(threads) else { throw ValidationError("-t \(threads): 1 to 1024 is possible.") }
        do {
            _ = try (formats(), KernelChoice.all(isa), positions())
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        Interrupt.install()
        let target = try report.map { try ReportFile($0, isNoneOf: []) }
        Output.noteThreadLimit(below: threads)
        var status = BenchStatus()
        status.show("measuring the machine's limits")
        let kernels = try KernelChoice.all(isa)
        let machine = MachineState.current(kernels: kernels.last ?? .best)
        let limits = try MachineLimits.measure(threads: [threads])
        var bench = KernelBench(formats: try formats(), kernels: kernels, positions: try positions(), limits: limits)
        bench.threads = threads
        var printer = output.printer(machine: machine, limits: limits)
        status.clear()
        if let warning = limits.warning { Output.note(warning + "\n") }
        try Output.write(printer.header)
        let records = try bench.run(
            isCancelled: { Interrupt.isRequested }, progress: { status.show($0) },
            emit: { record in
                status.clear()
                try Output.write(printer.row(record))
            })
        status.clear()
        try Output.write(printer.footer)
        try target?.write(ReportPage(machine: machine, limits: limits, records: [], kernels: records).html)
        if Interrupt.isRequested { throw ExitCode(130) }
    }

    private func formats() throws(BenchError) -> [WeightFormat] {
        let names = try ValueList.names(format, flag: "--format", of: WeightFormat.self)
        return names.isEmpty ? WeightFormat.allCases : names
    }

    private func positions() throws(BenchError) -> [Int] {
        let values = try ValueList.integers(n, flag: "-n", allowed: 1...4096)
        return values.isEmpty ? KernelBench.defaultPositions : values
    }
}

extension KernelFormat: ExpressibleByArgument {}
