public import ArgumentParser
public import Compute
import Engine
public import Planner

/// How the machine is used.
struct EngineFlags: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("ctx-size")],
        parsing: .unconditional,
        help: ArgumentHelp("Context in tokens; 0 is what the model was made for.", valueName: "tokens"))
    var context = 0
    @OptionGroup var machine: MachineFlags

    func settings() throws -> EngineSettings {
        var settings = try machine.settings()
        settings.context = context == 0 ? nil : context
        try settings.validate()
        return settings
    }

    /// For a command's `validate`: a value that makes no sense is wrong usage.
    func check() throws { try MachineFlags.check(settings) }
}

/// The same for commands whose context follows from their work.
struct MachineFlags: ParsableArguments {
    @Option(
        name: [.short, .long],
        parsing: .unconditional,
        help: ArgumentHelp("Threads. Default: cores of the affinity mask within the cgroup quota.", valueName: "n"))
    var threads: Int?
    @Option(
        name: [.customLong("tb", withSingleDash: true), .customLong("threads-batch")],
        parsing: .unconditional,
        help: ArgumentHelp("Threads during prefill. Default: as --threads.", valueName: "n"))
    var prefillThreads: Int?
    @Option(
        name: [.customLong("ub", withSingleDash: true), .customLong("ubatch-size")],
        parsing: .unconditional,
        help: ArgumentHelp("Positions in one forward call during prefill.", valueName: "n"))
    var ubatch = 512
    @Option(
        help: ArgumentHelp(
            "Precision of prefill. full: sgemm on dequantized weights; fast: the fastest path; auto: the fastest within the error budget."
        ))
    var precision = Precision.auto
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Relative rms error of a projection's output that --precision auto accepts.", valueName: "x"))
    var errorBudget = Plan.defaultErrorBudget
    @Option(
        help: ArgumentHelp(
            "Instruction set of the kernels. Default: CARAT_ISA, else the fastest that this CPU runs.",
            valueName: "name"))
    var isa: String?
    @Option(
        name: [.customLong("ctk", withSingleDash: true), .customLong("cache-type")],
        help: "Element type of the KV cache.")
    var cacheType = KVCache.Element.f16
    @Option(
        name: [.customLong("ctv", withSingleDash: true), .customLong("cache-type-v")],
        help: ArgumentHelp("Element type of its values. Default: as -ctk.", valueName: "cache-type"))
    var valueType: KVCache.Element?

    func settings() throws -> EngineSettings {
        var settings = EngineSettings()
        if let threads { (settings.threads, settings.prefillThreads) = (threads, threads) }
        if let prefillThreads { settings.prefillThreads = prefillThreads }
        settings.ubatch = ubatch
        settings.precision = precision
        settings.errorBudget = errorBudget
        settings.kernels = try KernelChoice.one(isa)
        settings.cacheElement = cacheType
        settings.valueElement = valueType
        try settings.validate()
        return settings
    }
}

extension MachineFlags {
    /// For a command's `validate`: a value that makes no sense is wrong usage.
    func check() throws { try Self.check(settings) }

    static func check(_ settings: () throws -> EngineSettings) throws {
        do {
            _ = try settings()
        } catch let error as EngineError {
            throw ValidationError("\(error)")
        }
    }
}

extension Precision: ExpressibleByArgument {}
extension KVCache.Element: ExpressibleByArgument {}
