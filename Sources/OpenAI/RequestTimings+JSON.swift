import Engine

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
            "queue_ms": .number(1000 * results.reduce(0) { $0 + $1.timings.queueSeconds }),
        ]
        func add(_ name: String, _ count: Int, _ seconds: Double) {
            members[name + "_n"] = .integer(count)
            members[name + "_ms"] = .number(1000 * seconds)
            members[name + "_per_token_ms"] = count > 0 ? .number(1000 * seconds / Double(count)) : .null
            members[name + "_per_second"] = seconds > 0 ? .number(Double(count) / seconds) : .null
        }
        add("prompt", computed, prefill)
        add("predicted", generated, decode)
        return .object(members)
    }
}
