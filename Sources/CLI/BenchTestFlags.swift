import ArgumentParser
import Bench
import Compute
import Engine
import Planner

/// The values that `carat bench` combines to tests; each flag takes lists and ranges and may be repeated.
struct BenchTestFlags: ParsableArguments {
    @Option(
        name: [.customShort("p"), .customLong("n-prompt")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Tokens of a prompt; 0 for none. (default: 512)", valueName: "n"))
    var prompt: [String] = []
    @Option(
        name: [.customShort("n"), .customLong("n-gen")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Tokens to generate; 0 for none. (default: 128)", valueName: "n"))
    var generated: [String] = []
    @Option(
        name: .customLong("pg", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A prompt and tokens generated after it, timed as one.", valueName: "pp,tg"))
    var pair: [String] = []
    @Option(
        name: [.customShort("d"), .customLong("n-depth")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Positions in the cache before the clock starts. (default: 0)", valueName: "n"))
    var depth: [String] = []
    @Option(
        name: .customLong("npl", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sequences that generate together. (default: 1)", valueName: "n"))
    var sequences: [String] = []
    @Option(
        name: [.short, .customLong("batch-size")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Prompt tokens between two logits. (default: 2048)", valueName: "n"))
    var batch: [String] = []
    @Option(
        name: [.customLong("ub", withSingleDash: true), .customLong("ubatch-size")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Positions in one forward call. (default: 512)", valueName: "n"))
    var ubatch: [String] = []
    @Option(
        name: [.customLong("ctk", withSingleDash: true), .customLong("cache-type")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Element types of the KV cache: \(KVCache.Element.allCases.map(\.rawValue).joined(separator: ", ")). (default: f16)",
            valueName: "type"))
    var cacheType: [String] = []
    @Option(
        name: [.customLong("ctv", withSingleDash: true), .customLong("cache-type-v")],
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Element types of its values. Default: as -ctk.", valueName: "type"))
    var valueType: [String] = []
    @Option(
        name: [.short, .long], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Threads. Default: cores of the affinity mask within the cgroup quota.", valueName: "n"))
    var threads: [String] = []
    @Option(
        name: [.customLong("tb", withSingleDash: true), .customLong("threads-batch")],
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Threads during a prompt. Default: as --threads.", valueName: "n"))
    var prefillThreads: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Which paths the plan may choose: \(Precision.allCases.map(\.rawValue).joined(separator: ", ")). (default: auto)",
            valueName: "name"))
    var precision: [String] = []

    /// Throws: `BenchError` naming the flag.
    func matrix() throws(BenchError) -> TestMatrix {
        var matrix = TestMatrix()
        let most = 16_777_216
        func read(
            _ texts: [String], _ flag: String, _ allowed: ClosedRange<Int>, into values: inout [Int]
        ) throws(BenchError) {
            if !texts.isEmpty { values = try ValueList.integers(texts, flag: flag, allowed: allowed) }
        }
        matrix.threads = [ThreadBudget.current().threads]
        matrix.pairs = try ValueList.pairs(pair, flag: "-pg", allowed: 0...most)
        try read(prompt, "-p", 0...most, into: &matrix.prompts)
        try read(generated, "-n", 0...most, into: &matrix.generated)
        try read(depth, "-d", 0...most, into: &matrix.depths)
        try read(sequences, "-npl", 1...256, into: &matrix.sequences)
        try read(batch, "-b", 1...most, into: &matrix.batches)
        try read(ubatch, "-ub", 1...16_384, into: &matrix.ubatches)
        try read(threads, "-t", 1...EngineSettings.maxThreads, into: &matrix.threads)
        try read(prefillThreads, "-tb", 1...EngineSettings.maxThreads, into: &matrix.prefillThreads)
        if !cacheType.isEmpty {
            matrix.keyElements = try ValueList.names(cacheType, flag: "-ctk", of: KVCache.Element.self)
        }
        if !valueType.isEmpty {
            matrix.valueElements = try ValueList.names(valueType, flag: "-ctv", of: KVCache.Element.self)
        }
        if !precision.isEmpty {
            matrix.precisions = try ValueList.names(precision, flag: "--precision", of: Precision.self)
        }
        return matrix
    }
}
