import Engine
import JSON
import Tokenizer

/// Log-probabilities in the shape of completions: four lists of one length. Offsets count Unicode scalars of the text.
struct LegacyLogprobs: Sendable {
    private let writer: LogprobWriter
    private let alternatives: Int
    private var tokens: [JSONValue] = []
    private var numbers: [JSONValue] = []
    private var tops: [JSONValue] = []
    private var offsets: [JSONValue] = []
    private var offset = 0
    /// Of what is generated.
    private var detokenizer: StreamingDetokenizer

    init(_ tokenizer: Tokenizer, alternatives: Int) {
        writer = LogprobWriter(tokenizer: tokenizer)
        self.alternatives = alternatives
        detokenizer = StreamingDetokenizer(tokenizer)
    }

    /// The prompt, where the text begins with it; its first token has no probability.
    mutating func appendPrompt(_ prompt: [TokenID], _ logprobs: [TokenLogprobs?]) {
        var detokenizer = StreamingDetokenizer(writer.tokenizer, beginsText: true)
        for (index, token) in prompt.enumerated() {
            append(token, logprobs.indices.contains(index) ? logprobs[index] : nil, &detokenizer)
        }
        offset += detokenizer.finish().unicodeScalars.count
    }

    mutating func append(_ logprobs: [TokenLogprobs]) {
        var detokenizer = detokenizer
        for entry in logprobs { append(entry.token, entry, &detokenizer) }
        self.detokenizer = detokenizer
    }

    /// What was appended since it was taken last.
    mutating func take() -> JSONValue {
        defer { (tokens, numbers, tops, offsets) = ([], [], [], []) }
        return [
            "tokens": .array(tokens), "token_logprobs": .array(numbers), "top_logprobs": .array(tops),
            "text_offset": .array(offsets),
        ]
    }

    private mutating func append(_ token: TokenID, _ entry: TokenLogprobs?, _ detokenizer: inout StreamingDetokenizer) {
        tokens.append(.string(writer.name(token)))
        numbers.append(entry.map { writer.number($0.logprob) } ?? .null)
        tops.append(entry.map { writer.top($0, alternatives: alternatives) } ?? .null)
        offsets.append(.integer(offset))
        offset += detokenizer.append(token).unicodeScalars.count
    }
}
