internal import GGUF
internal import JSON

/// The sizes of a Gemma 1 model, as config.json has them.
struct HyperParameters {
    let width: Int
    let layers: Int
    let feedForwardWidth: Int
    let heads: Int
    let kvHeads: Int
    let headDim: Int
    let contextLength: Int
    let normEpsilon: Double
    let ropeBase: Double
    /// nil where the tokenizer's size is the model's.
    let vocabularyCount: Int?

    /// Members that are left out have the values of transformers' GemmaConfig.
    ///
    /// Throws: ``ConversionError``, naming the member.
    init(_ config: JSONValue, path: String) throws(ConversionError) {
        let architectures: [String]
        if case .array(let names) = config["architectures"] {
            architectures = names.compactMap(\.string)
        } else {
            architectures = []
        }
        guard architectures == ["GemmaForCausalLM"] || architectures.isEmpty && config["model_type"] == "gemma" else {
            let found = architectures.first ?? config["model_type"]?.string
            throw .architecture(path: path, found: found.map(\.shown) ?? "that it does not name")
        }
        func integer(_ member: String, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws(ConversionError)
            -> Int
        {
            guard let value = config[member], value != .null else {
                if let fallback { return fallback }
                throw .member(path: path, member: member, expected: "number")
            }
            guard let number = value.wholeNumber else { throw .member(path: path, member: member, expected: "number") }
            guard range.contains(number) else {
                throw .outOfRange(
                    path: path, member: member, value: "\(number)",
                    allowed: "\(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        func number(_ member: String, _ range: ClosedRange<Double>, default fallback: Double) throws(ConversionError)
            -> Double
        {
            guard let value = config[member], value != .null else { return fallback }
            guard let number = value.double else { throw .member(path: path, member: member, expected: "number") }
            guard range.contains(number) else {
                throw .outOfRange(
                    path: path, member: member, value: "\(number)",
                    allowed: "\(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        width = try integer("hidden_size", 1...65_536)
        layers = try integer("num_hidden_layers", 1...512)
        feedForwardWidth = try integer("intermediate_size", 1...1_048_576)
        heads = try integer("num_attention_heads", 1...1_024)
        kvHeads = try integer("num_key_value_heads", 1...1_024, default: heads)
        headDim = try integer("head_dim", 2...1_024, default: 256)
        contextLength = try integer("max_position_embeddings", 1...16_777_216, default: 8_192)
        normEpsilon = try number("rms_norm_eps", 1e-12...1e-2, default: 1e-6)
        ropeBase = try number("rope_theta", 1...1e9, default: 10_000)
        vocabularyCount = config["vocab_size"] == nil ? nil : try integer("vocab_size", 1...4_194_304)
        try Self.refuseVariants(config, path: path)
    }

    /// What would change the model's results and has no place in a Gemma 1 file.
    private static func refuseVariants(_ config: JSONValue, path: String) throws(ConversionError) {
        func refuse(_ member: String, unless isFine: (JSONValue) -> Bool, only: String) throws(ConversionError) {
            guard let value = config[member], value != .null, !isFine(value) else { return }
            let text = String(decoding: value.serialized, as: UTF8.self)
            throw .unsupported(path: path, member: member, value: text.shown, only: only)
        }
        try refuse("quantization_config", unless: { _ in false }, only: "a model without it (F32, F16 or BF16)")
        try refuse("rope_scaling", unless: { _ in false }, only: "a model without it")
        try refuse("attention_bias", unless: { $0 == false }, only: "false")
        try refuse("tie_word_embeddings", unless: { $0 == true }, only: "true")
        // "gelu" in old files means the tanh form as well: the models were trained with it
        let activations: [JSONValue] = ["gelu", "gelu_pytorch_tanh"]
        try refuse("hidden_act", unless: activations.contains, only: "gelu_pytorch_tanh")
        try refuse("hidden_activation", unless: activations.contains, only: "gelu_pytorch_tanh")
    }

    /// The pairs that describe the model, in the order of llama.cpp's converter.
    var metadata: [(String, Metadata.Value)] {
        func count(_ value: Int) -> Metadata.Value { .uint32(UInt32(value)) }
        var pairs: [(String, Metadata.Value)] = [
            ("gemma.context_length", count(contextLength)),
            ("gemma.embedding_length", count(width)),
            ("gemma.block_count", count(layers)),
            ("gemma.feed_forward_length", count(feedForwardWidth)),
            ("gemma.attention.head_count", count(heads)),
            ("gemma.attention.head_count_kv", count(kvHeads)),
            ("gemma.attention.layer_norm_rms_epsilon", .float32(Float(normEpsilon))),
            ("gemma.attention.key_length", count(headDim)),
            ("gemma.attention.value_length", count(headDim)),
        ]
        // readers take 10,000 for granted; the other converter leaves any other base out, and so makes another model
        if ropeBase != 10_000 { pairs.append(("gemma.rope.freq_base", .float32(Float(ropeBase)))) }
        return pairs
    }
}
