import Engine
import JSON
import Tokenizer

/// What chat and completions have in common: how to choose tokens and when to stop.
struct GenerationFields {
    var options: GenerationOptions
    let count: Int
    /// Whether the prompt may be taken from the cache and kept in it.
    let usesCache: Bool
    /// Lower ones first, as vLLM has it.
    let priority: Int
    let stream: StreamOptions?

    static let maxCount = 16
    static let maxStops = 16
    static let maxStopBytes = 1024
    /// Most alternatives per token, as in the OpenAI API.
    static let maxLogprobs = 20

    /// Reads all but `logprobs`, which the endpoints write differently.
    ///
    /// Throws: `APIError` naming the parameter.
    ///
    /// - Parameter defaults: where a request does not say.
    init(
        _ fields: Fields, maxTokens: Int?, model: ServedModel, defaults: SamplingOptions = .openAI
    ) throws(APIError) {
        options = GenerationOptions(maxTokens: maxTokens)
        options.sampling = try Self.sampling(fields, tokens: model.tokenizer, defaults)
        options.stop = try Self.stop(fields)
        options.constraint = try ResponseFormat.constraint(fields, model: model)
        options.ignoreEndOfText = try fields.bool("ignore_eos") ?? false
        options.promptLogprobs = try fields.integer("prompt_logprobs", 0...Self.maxLogprobs)
        count = try fields.integer("n", 1...Self.maxCount) ?? 1
        usesCache = try fields.bool("cache_prompt") ?? true
        priority = try fields.integer("priority", -1000...1000) ?? 0
        stream = try StreamOptions(fields)
    }

    private static func sampling(
        _ fields: Fields, tokens: Tokenizer, _ defaults: SamplingOptions
    ) throws(APIError) -> SamplingOptions {
        var sampling = defaults
        func read(_ name: String, _ range: ClosedRange<Double>, _ value: inout Float) throws(APIError) {
            if let number = try fields.number(name, range) { value = Float(number) }
        }
        try read("temperature", 0...2, &sampling.temperature)
        sampling.topK = try fields.integer("top_k", -1...Int(Int32.max)) ?? defaults.topK
        try read("top_p", 0...1, &sampling.topP)
        try read("min_p", 0...1, &sampling.minP)
        try read("typical_p", 0...1, &sampling.typicalP)
        let repeatPenalty = try fields.either("repeat_penalty", "repetition_penalty") { (name) throws(APIError) in
            try fields.number(name, 0.01...100)
        }
        sampling.repeatPenalty = Float(repeatPenalty ?? 1)
        sampling.presencePenalty = Float(try fields.number("presence_penalty", -2...2) ?? 0)
        sampling.frequencyPenalty = Float(try fields.number("frequency_penalty", -2...2) ?? 0)
        sampling.repeatLastN = try fields.integer("repeat_last_n", -1...Int(Int32.max)) ?? defaults.repeatLastN
        sampling.seed = try fields.integer("seed", .min ... .max).map { UInt64(bitPattern: Int64($0)) }
        sampling.logitBias = try logitBias(fields, vocabulary: tokens.vocabulary)
        return sampling
    }

    private static func stop(_ fields: Fields) throws(APIError) -> [String] {
        let values: [JSONValue]
        switch fields["stop"] {
        case nil: return []
        case .array(let elements): values = elements
        case .some(let value): values = [value]
        }
        guard values.count <= maxStops else {
            throw fields.wrong("stop", "has \(values.count) texts, where at most \(maxStops) are possible.")
        }
        var stops: [String] = []
        for value in values {
            guard let text = value.string else {
                throw fields.wrongType("stop", value, expected: "a string or an array of strings")
            }
            guard (1...maxStopBytes).contains(text.utf8.count) else {
                throw fields.wrong(
                    "stop", "has a text of \(text.utf8.count) bytes, where 1 to \(maxStopBytes) are possible.")
            }
            stops.append(text)
        }
        return stops
    }

    /// Token ids as strings with values from -100, which bans, to 100.
    private static func logitBias(_ fields: Fields, vocabulary: Vocabulary) throws(APIError) -> [TokenID: Float] {
        guard let value = fields["logit_bias"] else { return [:] }
        let biases = try Fields(value, path: fields.parameter("logit_bias"))
        var bias: [TokenID: Float] = [:]
        for name in biases.names {
            guard let id = TokenID(name), vocabulary.contains(id) else {
                throw fields.wrong(
                    "logit_bias",
                    "names \(APIError.shown(name)), which is no token. Ids go from 0 to \(vocabulary.count - 1).")
            }
            let number = try biases.number(name, -100...100) ?? 0
            bias[id] = number == -100 ? -.infinity : Float(number)
        }
        return bias
    }
}

extension SamplingOptions {
    /// The OpenAI API's defaults, where nothing is filtered and penalties look back over all.
    static let openAI: SamplingOptions = {
        var options = SamplingOptions()
        (options.temperature, options.topK, options.topP, options.minP) = (1, 0, 1, 0)
        options.repeatLastN = -1
        return options
    }()
}

/// How to send an answer in pieces.
public struct StreamOptions: Sendable, Equatable {
    /// Whether a last piece counts the tokens.
    public var includesUsage = false
    /// Whether pieces tell how much of the prompt is computed, as llama-server does.
    public var returnsProgress = false

    /// nil where no stream is asked for.
    init?(_ fields: Fields) throws(APIError) {
        let isStreamed = try fields.bool("stream") ?? false
        if let options = fields["stream_options"] {
            guard isStreamed else { throw fields.wrong("stream_options", "is of use only where `stream` is true.") }
            let options = try Fields(options, path: fields.parameter("stream_options"))
            includesUsage = try options.bool("include_usage") ?? false
        }
        returnsProgress = try fields.bool("return_progress") ?? false
        guard isStreamed else { return nil }
    }
}
