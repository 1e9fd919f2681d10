import Engine
import JSON

/// What stands in a response besides its content.
public struct ResponseStamp: Sendable, Equatable {
    /// What makes the response's id unique; the endpoint's prefix comes before it.
    public var id: String
    /// Seconds since 1970.
    public var created: Int
    public var model: String
    /// Changes with whatever may change results, such as the build.
    public var fingerprint: String?
    /// Whether `usage` tells how much of the prompt the cache held; answers then differ with what ran before.
    public var showsCachedTokens = false
    /// Whether `timings` tells how long it took, as llama-server does.
    public var showsTimings = false

    public init(id: String, created: Int, model: String, fingerprint: String? = nil) {
        self.id = id
        self.created = created
        self.model = model
        self.fingerprint = fingerprint
    }

    /// The members that chat and completions have in common, whole and in pieces.
    func members(prefix: String, object: String) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "id": .string(prefix + id), "object": .string(object), "created": .integer(created),
            "model": .string(model),
        ]
        if let fingerprint { members["system_fingerprint"] = .string(fingerprint) }
        return members
    }

    /// Those of a whole response.
    func members(prefix: String, object: String, of results: [EngineResult]) -> [String: JSONValue] {
        var members = members(prefix: prefix, object: object)
        members["usage"] = usage(results)
        if showsTimings { members["timings"] = RequestTimings.json(results) }
        return members
    }

    /// `usage` of generations.
    func usage(_ results: [EngineResult]) -> JSONValue {
        let prompt = results.reduce(0) { $0 + $1.usage.promptTokens }
        let generated = results.reduce(0) { $0 + $1.usage.generatedTokens }
        var usage: [String: JSONValue] = [
            "prompt_tokens": .integer(prompt), "completion_tokens": .integer(generated),
            "total_tokens": .integer(prompt + generated),
        ]
        if showsCachedTokens {
            let cached = results.reduce(0) { $0 + $1.usage.cachedTokens }
            usage["prompt_tokens_details"] = ["cached_tokens": .integer(cached)]
            usage["completion_tokens_details"] = ["reasoning_tokens": 0]
        }
        return .object(usage)
    }
}

extension FinishReason {
    /// As the API says it; cancelled ones become errors before.
    var value: JSONValue {
        switch self {
        case .endOfText, .stop: "stop"
        case .length, .contextFull, .cancelled: "length"
        }
    }
}

extension EngineResult {
    /// The completions; as many empty ones as were asked for where the prompt was only scored.
    func completions(_ count: Int) -> [Completion] {
        completions.isEmpty ? Array(repeating: Completion(seed: 0), count: count) : completions
    }
}
