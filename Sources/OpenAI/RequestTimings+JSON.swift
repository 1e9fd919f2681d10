import Engine
import JSON

extension RequestTimings {
    /// llama-server's `timings`, over all of a request's prompts.
    static func json(_ results: [EngineResult]) -> JSONValue {
        let cached = results.reduce(0) { $0 + $1.usage.cachedTokens }
        let computed = results.reduce(0) { $0 + $1.usage.promptTokens } - cached
        let generated = results.reduce(0) { $0 + $1.usage.generatedTokens }
        let prefill = results.reduce(0) { $0 + $1.timings.prefillSeconds }
        let decode = results.reduce(0) { $0 + $1.timings.decodeSeconds }
        var members: [String: JSONValue] = [
            "cache_n": .integer(cached),
            "queue_ms": milliseconds(results.reduce(0) { $0 + $1.timings.queueSeconds }),
        ]
        func add(_ name: String, _ count: Int, _ seconds: Double) {
            members[name + "_n"] = .integer(count)
            members[name + "_ms"] = milliseconds(seconds)
            members[name + "_per_token_ms"] = count > 0 ? milliseconds(seconds / Double(count)) : .null
            members[name + "_per_second"] = seconds > 0 ? rounded(Double(count) / seconds) : .null
        }
        add("prompt", computed, prefill)
        add("predicted", generated, decode)
        return .object(members)
    }

    private static func milliseconds(_ seconds: Double) -> JSONValue { rounded(1000 * seconds) }

    /// To three places.
    private static func rounded(_ value: Double) -> JSONValue { .number((1000 * value).rounded() / 1000) }
}
