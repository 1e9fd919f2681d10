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
    @Option(help: "Matmul path: sgemm on dequantized weights, dot products on quantized ones, or the faster one.")
    var path = PathPolicy.auto
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
        settings.context = context == 0 ? nil : context
        settings.path = path
        settings.cacheElement = cacheType
        settings.valueElement = valueType
        try settings.validate()
        return settings
    }
}

extension PathPolicy: ExpressibleByArgument {}
extension KVCache.Element: ExpressibleByArgument {}
