/// How far a batch is. Lines count over all runs, tokens and times since this run began.
public struct BatchProgress: Sendable, Equatable {
    /// Lines of this shard.
    public var total = 0
    /// Lines with a result, failed ones and those of earlier runs among them.
    public var done = 0
    /// Of these, lines that earlier runs did.
    public var resumed = 0
    public var failed = 0
    public var promptTokens = 0
    /// Prompt tokens that were not computed because a cache held them.
    public var cachedTokens = 0
    public var generatedTokens = 0
    public var seconds = 0.0
    /// Input bytes of the lines that this run did, and of those that it is to do.
    public var doneBytes = 0
    public var bytes = 0
    /// The run was ended before all lines were done.
    public var isCancelled = false

    public init() {}

    public var tokens: Int { promptTokens + generatedTokens }

    /// Prompt and generated tokens; nil before there are any.
    public var tokensPerSecond: Double? { seconds > 0 && tokens > 0 ? Double(tokens) / seconds : nil }

    /// Seconds to go, by the bytes done so far; nil before anything is done.
    public var remainingSeconds: Double? {
        doneBytes > 0 && seconds > 0 ? seconds / Double(doneBytes) * Double(max(bytes - doneBytes, 0)) : nil
    }

    mutating func count(_ answer: BatchAnswer) {
        let responses: [BatchResponse] =
            switch answer {
            case .response(let response): [response]
            case .windows(let responses): responses
            case .failure, .cancelled: []
            }
        for response in responses {
            promptTokens += response.promptTokens
            cachedTokens += response.cachedTokens
            generatedTokens += response.generatedTokens
        }
    }

    /// The numbers as Prometheus reads them. `shard` becomes a label.
    public func metrics(shard: Shard) -> String {
        let rows: [(name: String, kind: String, help: String, value: Double)] = [
            ("lines", "gauge", "Lines of this shard.", Double(total)),
            ("lines_done", "gauge", "Lines with a result.", Double(done)),
            ("lines_failed", "gauge", "Lines whose result is a failure.", Double(failed)),
            ("lines_resumed", "gauge", "Lines that earlier runs did.", Double(resumed)),
            ("prompt_tokens_total", "counter", "Prompt tokens, cached ones too.", Double(promptTokens)),
            ("cached_tokens_total", "counter", "Prompt tokens that a cache held.", Double(cachedTokens)),
            ("generated_tokens_total", "counter", "Generated tokens.", Double(generatedTokens)),
            ("seconds_total", "counter", "Seconds since this run began.", seconds),
            ("tokens_per_second", "gauge", "Prompt and generated tokens per second.", tokensPerSecond ?? 0),
            ("remaining_seconds", "gauge", "Seconds to go, as it looks now.", remainingSeconds ?? .nan),
        ]
        return rows.map { row in
            let name = "carat_batch_\(row.name)"
            let value = row.value.isNaN ? "NaN" : "\(row.value)"
            return "# HELP \(name) \(row.help)\n# TYPE \(name) \(row.kind)\n\(name){shard=\"\(shard)\"} \(value)\n"
        }.joined()
    }
}

/// The file of `--metrics-file`, which is replaced as a whole so that readers never see half of it.
public struct MetricsFile: Sendable {
    private let file: WholeFile

    public init(_ path: String) { file = WholeFile(path: path) }

    /// Throws: `BatchError.cannotWrite`.
    public func write(_ progress: BatchProgress, shard: Shard) throws(BatchError) {
        try file.replace(with: Array(progress.metrics(shard: shard).utf8), isDurable: false)
    }
}
