import CoreMetrics
import Engine
import Metrics
import OpenAI

/// What a server counts and times.
struct ServerMetrics: Sendable {
    let prometheus: PrometheusMetrics
    private let firstToken: Timer
    private let betweenTokens: Timer
    private let queue: Timer
    private let prefill: Timer
    private let whole: Timer
    private let prompt: Counter
    private let cached: Counter
    private let generated: Counter

    init() {
        let factory = PrometheusMetrics(help: Self.help)
        prometheus = factory
        func timer(_ name: String) -> Timer { Timer(label: name, dimensions: [], factory: factory) }
        func counter(_ name: String) -> Counter { Counter(label: name, dimensions: [], factory: factory) }
        firstToken = timer("carat_time_to_first_token")
        betweenTokens = timer("carat_inter_token_latency")
        queue = timer("carat_request_queue")
        prefill = timer("carat_request_prefill")
        whole = timer("carat_request_duration")
        prompt = counter("carat_prompt_tokens")
        cached = counter("carat_prompt_tokens_cached")
        generated = counter("carat_generated_tokens")
    }

    private static let help = [
        "carat_time_to_first_token_seconds": "From a request's arrival in the engine to its first token.",
        "carat_inter_token_latency_seconds": "Between two pieces of one text.",
        "carat_request_queue_seconds": "From a request's arrival in the engine to the start of its prefill.",
        "carat_request_prefill_seconds": "From the start of the prefill to its end.",
        "carat_request_duration_seconds": "From a request's arrival in the engine to its last token.",
        "carat_requests_finished_total": "Completions by the reason of their end; embeddings and scores as `computed`.",
        "carat_requests_failed_total": "Generations that ended in an error, by its status.",
        "carat_requests_cancelled_total": "Generations whose client was gone before their end.",
        "carat_prompt_tokens_total": "Prompt tokens of finished requests.",
        "carat_prompt_tokens_cached_total": "Those of them that the prefix cache had.",
        "carat_generated_tokens_total": "Generated tokens of finished requests.",
        "carat_batch_lines_total": "Lines of batches that were answered, by result.",
        "carat_http_requests_total": "Answers by route, method and status.",
        "carat_requests_running": "Requests in the engine.",
        "carat_requests_waiting": "Requests that wait for the engine.",
        "carat_kv_blocks": "Blocks of 256 positions in memory: used in all, unused by running requests, the limit.",
        "carat_resident_memory_bytes": "Resident memory of the process, mapped weights included.",
        "carat_open_file_descriptors": "Open files and connections.",
    ]

    func betweenTokens(_ seconds: Double) { betweenTokens.recordSeconds(seconds) }

    func finished(_ results: [EngineResult]) {
        for result in results {
            prompt.increment(by: result.usage.promptTokens)
            cached.increment(by: result.usage.cachedTokens)
            generated.increment(by: result.usage.generatedTokens)
            let timings = result.timings
            queue.recordSeconds(timings.queueSeconds)
            prefill.recordSeconds(timings.prefillSeconds)
            if let seconds = timings.firstTokenSeconds {
                firstToken.recordSeconds(seconds)
                whole.recordSeconds(seconds + timings.decodeSeconds)
            } else {
                whole.recordSeconds(timings.queueSeconds + timings.prefillSeconds)
            }
            for completion in result.completions {
                count("carat_requests_finished", ("reason", completion.finishReason.rawValue))
            }
            if result.completions.isEmpty { count("carat_requests_finished", ("reason", "computed")) }
        }
    }

    func failed(_ error: APIError) { count("carat_requests_failed", ("status", "\(error.status)")) }
    func cancelled() { count("carat_requests_cancelled") }

    func batchLines(completed: Int, failed: Int) {
        for (result, count) in [("completed", completed), ("failed", failed)] where count > 0 {
            Counter(label: "carat_batch_lines", dimensions: [("result", result)], factory: prometheus)
                .increment(by: count)
        }
    }

    func answered(route: String, method: String, status: Int) {
        count("carat_http_requests", ("route", route), ("method", method), ("status", "\(status)"))
    }

    /// The text of `/metrics`.
    func text(_ statistics: EngineStatistics) -> String {
        set("carat_requests_running", statistics.running)
        set("carat_requests_waiting", statistics.waiting)
        set("carat_kv_blocks", statistics.usedBlocks, ("state", "used"))
        set("carat_kv_blocks", statistics.unusedBlocks, ("state", "unused"))
        set("carat_kv_blocks", statistics.blockLimit, ("state", "limit"))
        if let bytes = ProcessFacts.residentBytes { set("carat_resident_memory_bytes", bytes) }
        if let files = ProcessFacts.openDescriptors { set("carat_open_file_descriptors", files) }
        return prometheus.text
    }

    private func count(_ name: String, _ dimensions: (String, String)...) {
        Counter(label: name, dimensions: dimensions, factory: prometheus).increment()
    }

    private func set(_ name: String, _ value: Int, _ dimensions: (String, String)...) {
        Meter(label: name, dimensions: dimensions, factory: prometheus).set(value)
    }
}
