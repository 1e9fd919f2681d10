package import Compute
internal import GGUF
package import Gemma
internal import Tokenizer

/// What a result needs to know of a model: names as llama-bench writes them, and the work that a token takes.
package struct ModelFacts: Sendable, Equatable {
    /// The path as given, or the name of the embedded model.
    package var filename: String
    /// "gemma 2B Q4_K - Medium".
    package let type: String
    /// Bytes of all tensors.
    package let size: Int
    package let parameters: Int
    package let contextLength: Int
    package let vocabularyCount: Int
    /// Weights of all layers: multiply-adds of one position without attention and logits.
    package let layerWeights: Int
    package let layerBytes: Int
    /// Weights that make logits, once per position whose logits are wanted.
    package let outputWeights: Int
    package let outputBytes: Int
    /// Multiply-adds of attention for one position and each key that it sees.
    package let attentionPerKey: Int
    private let config: GemmaConfig
    /// Formats of the projections, by name.
    package let formats: [String]

    package init(_ model: GemmaModel, filename: String) {
        let c = model.config
        let projections = model.weights.layers.flatMap {
            [$0.query, $0.key, $0.value, $0.attentionOutput, $0.gate, $0.up, $0.down]
        }
        self.filename = filename
        size = model.file.tensors.reduce(0) { $0 + $1.byteCount }
        parameters = model.file.tensors.reduce(0) { $0 + $1.elementCount }
        let fileType = (try? model.file.metadata.uint32("general.file_type")) ?? nil
        let scale = [18: "2B", 28: "7B"][c.layers] ?? "?B"
        type = "gemma \(scale) \(fileType.flatMap { Self.fileTypes[$0] } ?? "unknown")"
        contextLength = c.contextLength
        vocabularyCount = model.tokenizer.vocabulary.count
        layerWeights = projections.reduce(0) { $0 + $1.rows * $1.columns }
        layerBytes = projections.reduce(0) { $0 + $1.byteCount }
        outputWeights = model.weights.output.rows * model.weights.output.columns
        outputBytes = model.weights.output.byteCount
        attentionPerKey = 2 * c.layers * c.heads * c.headDim
        config = c
        formats = model.weights.formats.map(\.rawValue).sorted()
    }

    /// Bytes that the KV cache takes per position.
    package func cacheBytes(keys: KVCache.Element, values: KVCache.Element) -> Int {
        config.kvBytesPerToken(keys: keys, values: values)
    }

    /// Names of `general.file_type`.
    private static let fileTypes: [UInt32: String] = [
        0: "all F32", 1: "F16", 7: "Q8_0", 10: "Q2_K - Medium", 11: "Q3_K - Small", 12: "Q3_K - Medium",
        13: "Q3_K - Large", 14: "Q4_K - Small", 15: "Q4_K - Medium", 16: "Q5_K - Small", 17: "Q5_K - Medium",
        18: "Q6_K", 21: "Q2_K - Small", 32: "BF16",
    ]
}
