public import Compute
public import Planner

/// How a session uses the machine.
public struct EngineSettings: Sendable {
    /// Threads of decode and of prefill.
    public var threads: Int
    public var prefillThreads: Int
    /// Positions in one forward call during prefill.
    public var ubatch = 512
    /// Positions to keep room for; nil takes what the model was made for.
    public var context: Int?
    public var precision = Precision.auto
    /// Largest relative rms error of a projection's output that `Precision.auto` accepts, from 0 to 1.
    public var errorBudget = Plan.defaultErrorBudget
    /// What this machine's operations cost; nil takes built-in costs, so that nothing depends on a measurement.
    public var costs: MachineCosts?
    /// Errors of this model's quantized paths; nil takes the one typical of int8 activations for all.
    public var errors: ErrorTable?
    /// Element type of the keys in the KV cache, and of the values where `valueElement` names no other.
    public var cacheElement = KVCache.Element.f16
    public var valueElement: KVCache.Element?
    public var kernels = Kernels.best
    /// Texts that an engine lets grow at the same time.
    public var sequences = 8
    /// Bytes of keys and values that an engine keeps of texts that no running request holds.
    public var cacheBytes = 1 << 30
    /// Folder in which an engine keeps prefixes from one start to the next; nil keeps none.
    public var cacheDirectory: String?
    /// Bytes that the files in it may have together.
    public var cacheDirectoryBytes = 16 << 30
    /// Gets a line where something is amiss that is no error.
    public var log: @Sendable (String) -> Void = { _ in }

    /// As many threads as this process can really run at once.
    public init() {
        threads = ThreadBudget.current().threads
        prefillThreads = threads
    }

    public static let maxThreads = 1024

    /// Throws: `EngineError.option` naming the first value that makes no sense.
    public func validate() throws(EngineError) {
        for (name, value) in [("threads", threads), ("prefill threads", prefillThreads)] {
            guard (1...Self.maxThreads).contains(value) else {
                throw .option(name: name, value: "\(value)", allowed: "1 to \(Self.maxThreads)")
            }
        }
        if let context, context < 1 {
            throw .option(name: "context", value: "\(context)", allowed: "1 token or more")
        }
        guard (1...16_384).contains(ubatch) else {
            throw .option(name: "ubatch", value: "\(ubatch)", allowed: "1 to 16384")
        }
        guard (1...256).contains(sequences) else {
            throw .option(name: "sequences", value: "\(sequences)", allowed: "1 to 256")
        }
        guard cacheDirectoryBytes >= 0 else {
            throw .option(name: "cache folder size", value: "\(cacheDirectoryBytes)", allowed: "0 or more")
        }
        guard cacheBytes >= 0 else { throw .option(name: "cache memory", value: "\(cacheBytes)", allowed: "0 or more") }
        guard (0...1).contains(errorBudget) else {
            throw .option(name: "error budget", value: "\(errorBudget)", allowed: "0 to 1, such as 0.02")
        }
    }
}

extension EngineSettings {
    /// The plan for the projections `weights` on these settings.
    public func plan(for weights: [PlannedWeight]) -> Plan {
        Plan(
            weights: weights, costs: costs ?? .reference(kernels.instructionSet), errors: errors ?? .unmeasured,
            precision: precision, errorBudget: errorBudget, threads: threads, prefillThreads: prefillThreads)
    }
}
