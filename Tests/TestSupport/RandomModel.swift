public import GGUF

/// A tiny model of the Gemma architecture with random weights, made in memory: for tests that need a shape and a mix of
/// formats, not sense.
public struct RandomModel {
    public var layers = 2
    public var width = 256
    public var feedForwardWidth = 512
    public var heads = 4
    public var kvHeads = 1
    public var headDim = 64
    public var contextLength = 1024
    public var seed: UInt64 = 1
    /// Format of a tensor by its name.
    public var format: (String) -> TensorType = { _ in .F32 }
    /// Metadata that replaces or, with nil, removes what the model would have.
    public var overrides: [String: Metadata.Value?] = [:]
    /// Tensors that are left out.
    public var without: Set<String> = []
    public var hasOutputWeight = false

    public init() {}

    public static let vocabulary: [(text: String, kind: Int32)] = {
        var tokens: [(String, Int32)] = [("<pad>", 3), ("<eos>", 3), ("<bos>", 3), ("<unk>", 2)]
        tokens += [("<start_of_turn>", 3), ("<end_of_turn>", 3)]
        for byte in 0..<256 {
            let hex = String(byte, radix: 16, uppercase: true)
            tokens.append(("<0x\(hex.count == 1 ? "0" : "")\(hex)>", 6))
        }
        tokens.append(("\u{2581}", 1))
        tokens += "abcdefghijklmnopqrstuvwxyz".map { (String($0), 1) }
        tokens += ["th", "the", "he", "in", "er", "an", "\u{2581}the", "\u{2581}a"].map { ($0, 1) }
        return tokens.map { (text: $0.0, kind: $0.1) }
    }()

    public func encoded() -> [UInt8] {
        var writer = GGUFWriter()
        for (key, value) in metadata() { writer.add(key, value) }
        var random = SplitMix(seed)
        for (name, shape) in tensors() where !without.contains(name) {
            let type = shape.count == 1 ? TensorType.F32 : format(name)
            let count = shape.reduce(1, *)
            // norm weights lie around 1; matrices keep the size of their input
            let (mean, scale): (Float, Float) = shape.count == 1 ? (1, 0.1) : (0, 1 / Float(shape[0]).squareRoot())
            writer.addTensor(
                name, type: type, shape: shape,
                bytes: RandomBlocks.bytes(type, count: count, mean: mean, scale: scale, &random))
        }
        return writer.encoded()
    }

    public func file() throws -> GGUFFile {
        try GGUFFile(bytes: FileBytes(copying: encoded()))
    }

    private func metadata() -> [(String, Metadata.Value)] {
        let vocabulary = Self.vocabulary
        var pairs: [(String, Metadata.Value)] = [
            ("general.architecture", .string("gemma")),
            ("gemma.context_length", .uint32(UInt32(contextLength))),
            ("gemma.embedding_length", .uint32(UInt32(width))),
            ("gemma.block_count", .uint32(UInt32(layers))),
            ("gemma.feed_forward_length", .uint32(UInt32(feedForwardWidth))),
            ("gemma.attention.head_count", .uint32(UInt32(heads))),
            ("gemma.attention.head_count_kv", .uint32(UInt32(kvHeads))),
            ("gemma.attention.key_length", .uint32(UInt32(headDim))),
            ("gemma.attention.value_length", .uint32(UInt32(headDim))),
            ("gemma.attention.layer_norm_rms_epsilon", .float32(1e-6)),
            ("tokenizer.ggml.model", .string("llama")),
            ("tokenizer.ggml.tokens", .array(ArrayValue(vocabulary.map(\.text)))),
            ("tokenizer.ggml.scores", .array(ArrayValue(vocabulary.indices.map { -Float($0) }))),
            ("tokenizer.ggml.token_type", .array(ArrayValue(vocabulary.map(\.kind)))),
            ("tokenizer.ggml.bos_token_id", .uint32(2)),
            ("tokenizer.ggml.eos_token_id", .uint32(1)),
            ("tokenizer.ggml.unknown_token_id", .uint32(3)),
        ]
        pairs.removeAll { overrides.keys.contains($0.0) }
        for (key, value) in overrides.sorted(by: { $0.key < $1.key }) {
            if let value { pairs.append((key, value)) }
        }
        return pairs
    }

    private func tensors() -> [(name: String, shape: [Int])] {
        let attention = heads * headDim
        let kv = kvHeads * headDim
        var tensors = [("token_embd.weight", [width, Self.vocabulary.count])]
        for layer in 0..<layers {
            tensors += [
                ("attn_norm", [width]), ("attn_q", [width, attention]), ("attn_k", [width, kv]),
                ("attn_v", [width, kv]),
                ("attn_output", [attention, width]), ("ffn_norm", [width]), ("ffn_gate", [width, feedForwardWidth]),
                ("ffn_up", [width, feedForwardWidth]), ("ffn_down", [feedForwardWidth, width]),
            ].map { ("blk.\(layer).\($0.0).weight", $0.1) }
        }
        tensors.append(("output_norm.weight", [width]))
        if hasOutputWeight { tensors.append(("output.weight", [width, Self.vocabulary.count])) }
        return tensors.map { (name: $0.0, shape: $0.1) }
    }
}
