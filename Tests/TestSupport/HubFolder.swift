import GGUF
public import JSON

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A tiny Gemma model as a Hugging Face folder, made by the test that reads it.
public struct HubFolder {
    /// A tensor of a safetensors file.
    public struct Tensor {
        public var dtype: String
        public var shape: [Int]
        public var bytes: [UInt8]

        public init(dtype: String, shape: [Int], bytes: [UInt8]) {
            self.dtype = dtype
            self.shape = shape
            self.bytes = bytes
        }
    }

    public static let width = 16
    public static let layers = 2
    public static let feedForwardWidth = 24
    public static let vocabularyCount = RandomModel.vocabulary.count

    /// Weight files by name; each has its tensors in their order.
    public var files: [String: [(name: String, tensor: Tensor)]] = [:]
    public var config = JSONObject([
        "architectures": ["GemmaForCausalLM"], "hidden_size": .integer(width), "num_hidden_layers": .integer(layers),
        "intermediate_size": .integer(feedForwardWidth), "num_attention_heads": 2, "num_key_value_heads": 1,
        "head_dim": 8, "max_position_embeddings": 128, "rms_norm_eps": 1e-6, "bos_token_id": 2, "eos_token_id": 1,
        "vocab_size": .integer(vocabularyCount),
    ])
    public var pieces: [(text: [UInt8], score: Float, kind: Int)] = RandomModel.vocabulary.enumerated().map {
        id, token in
        (Array(token.text.utf8), -Float(id), Int(token.kind))
    }
    /// Other files, by name.
    public var texts: [String: String] = [:]

    /// - Parameter dtype: F32, F16 or BF16.
    public init(dtype: String = "F32", seed: UInt64 = 1) {
        var random = SplitMix(seed)
        let type = TensorType.named(dtype) ?? .F32
        let (d, ff) = (Self.width, Self.feedForwardWidth)
        var tensors: [(name: String, tensor: Tensor)] = []
        func add(_ name: String, _ shape: [Int]) {
            let count = shape.reduce(1, *)
            let bytes = RandomBlocks.bytes(type, count: count, scale: 0.3, &random)
            tensors.append((name, Tensor(dtype: dtype, shape: shape, bytes: bytes)))
        }
        add("model.embed_tokens.weight", [Self.vocabularyCount, d])
        for layer in 0..<Self.layers {
            for (name, shape) in [
                ("input_layernorm", [d]), ("mlp.down_proj", [d, ff]), ("mlp.gate_proj", [ff, d]),
                ("mlp.up_proj", [ff, d]), ("post_attention_layernorm", [d]), ("self_attn.k_proj", [8, d]),
                ("self_attn.o_proj", [d, 16]), ("self_attn.q_proj", [16, d]), ("self_attn.v_proj", [8, d]),
            ] {
                add("model.layers.\(layer).\(name).weight", shape)
            }
        }
        add("model.norm.weight", [d])
        files["model.safetensors"] = tensors
    }

    /// All tensors, file by file.
    public var tensors: [(name: String, tensor: Tensor)] { files.keys.sorted().flatMap { files[$0] ?? [] } }

    /// Changes the tensor of this name.
    public mutating func change(_ name: String, _ change: (inout Tensor) -> Void) {
        for file in files.keys {
            guard let index = files[file]?.firstIndex(where: { $0.name == name }) else { continue }
            if var tensor = files[file]?[index].tensor {
                change(&tensor)
                files[file]?[index].tensor = tensor
            }
        }
    }

    /// Shares the tensors out among `count` files, with an index.
    public mutating func split(into count: Int) {
        let all = tensors
        files = [:]
        var map = JSONObject()
        for part in 0..<count {
            let name = "model-0000\(part + 1)-of-0000\(count).safetensors"
            files[name] = Array(all[all.count * part / count..<all.count * (part + 1) / count])
            for (tensor, _) in files[name] ?? [] { map[tensor] = .string(name) }
        }
        let index = JSONValue.object(["metadata": .object(JSONObject()), "weight_map": .object(map)])
        texts["model.safetensors.index.json"] = String(decoding: index.serialized, as: UTF8.self)
    }

    /// Writes all files.
    public func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, tensors) in files {
            try Data(Self.safetensors(tensors)).write(to: URL(filePath: folder + "/" + name))
        }
        for (name, text) in texts { try Data(text.utf8).write(to: URL(filePath: folder + "/" + name)) }
        if texts["config.json"] == nil {
            try Data(JSONValue.object(config).serialized).write(to: URL(filePath: folder + "/config.json"))
        }
        if texts["tokenizer.model"] == nil {
            try Data(sentencePieceModel).write(to: URL(filePath: folder + "/tokenizer.model"))
        }
    }

    /// A file of the safetensors form.
    public static func safetensors(_ tensors: [(name: String, tensor: Tensor)]) -> [UInt8] {
        var header = JSONObject([("__metadata__", ["format": "pt"])])
        var offset = 0
        for (name, tensor) in tensors {
            let end = offset + tensor.bytes.count
            header[name] = .object([
                "dtype": .string(tensor.dtype), "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": [.integer(offset), .integer(end)],
            ])
            offset = end
        }
        return file(header: JSONValue.object(header).serializedInOrder, data: tensors.flatMap(\.tensor.bytes))
    }

    /// The length of a header, the header, and data.
    public static func file(header: [UInt8], data: [UInt8], length: UInt64? = nil) -> [UInt8] {
        let length = length ?? UInt64(header.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + header + data
    }

    /// A tokenizer.model of the pieces.
    public var sentencePieceModel: [UInt8] {
        var bytes: [UInt8] = []
        for (text, score, kind) in pieces {
            var piece = Self.field(1, text)
            piece.append(2 << 3 | 5)
            piece += (0..<4).map { UInt8(truncatingIfNeeded: score.bitPattern >> UInt32(8 * $0)) }
            piece += [3 << 3, UInt8(truncatingIfNeeded: kind)]
            bytes += Self.field(1, piece)
        }
        // the trainer's settings: BPE
        return bytes + Self.field(2, [3 << 3, 2])
    }

    /// A field of protocol buffers that holds bytes.
    public static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = content.count
        while rest >= 0x80 {
            length.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return [number << 3 | 2] + length + [UInt8(rest)] + content
    }
}
