public import Compute
public import GGUF

/// The weights of a Gemma 1 model, in place in the file and checked against the hyper-parameters.
public struct GemmaWeights: Sendable {
    public struct Layer: Sendable {
        public let attentionNorm: Vector  // [d]
        public let query: Weight  // [heads * headDim, d]
        public let key: Weight  // [kvHeads * headDim, d]
        public let value: Weight  // [kvHeads * headDim, d]
        public let attentionOutput: Weight  // [d, heads * headDim]
        public let feedForwardNorm: Vector  // [d]
        public let gate: Weight  // [ff, d]
        public let up: Weight  // [ff, d]
        public let down: Weight  // [d, ff]

    }

    public let tokenEmbedding: Weight  // [vocabulary, d]
    public let layers: [Layer]
    public let outputNorm: Vector  // [d]
    /// The token embedding itself in files without `output.weight`.
    public let output: Weight  // [vocabulary, d]

    /// Throws: `GGUFError`, `ComputeError` or `GemmaError`, naming the tensor.
    public init(_ file: GGUFFile, config: GemmaConfig, vocabularyCount: Int) throws {
        func matrix(_ name: String, rows: Int, columns: Int) throws -> Weight {
            let tensor = try file.requireTensor(name)
            guard tensor.shape == [columns, rows] else {
                throw GemmaError.tensorShape(tensor: name, found: tensor.shape, expected: [columns, rows])
            }
            return try Weight(tensor, in: file)
        }
        func vector(_ name: String, count: Int) throws -> Vector {
            let tensor = try file.requireTensor(name)
            guard tensor.shape == [count] else {
                throw GemmaError.tensorShape(tensor: name, found: tensor.shape, expected: [count])
            }
            return Vector(try Weight(tensor, in: file))
        }

        let d = config.width
        let ff = config.feedForwardWidth
        let attention = config.heads * config.headDim
        let kv = config.kvHeads * config.headDim
        let tokenEmbedding = try matrix("token_embd.weight", rows: vocabularyCount, columns: d)
        self.tokenEmbedding = tokenEmbedding
        layers = try (0..<config.layers).map { index in
            let block = "blk.\(index)."
            return Layer(
                attentionNorm: try vector(block + "attn_norm.weight", count: d),
                query: try matrix(block + "attn_q.weight", rows: attention, columns: d),
                key: try matrix(block + "attn_k.weight", rows: kv, columns: d),
                value: try matrix(block + "attn_v.weight", rows: kv, columns: d),
                attentionOutput: try matrix(block + "attn_output.weight", rows: d, columns: attention),
                feedForwardNorm: try vector(block + "ffn_norm.weight", count: d),
                gate: try matrix(block + "ffn_gate.weight", rows: ff, columns: d),
                up: try matrix(block + "ffn_up.weight", rows: ff, columns: d),
                down: try matrix(block + "ffn_down.weight", rows: d, columns: ff))
        }
        outputNorm = try vector("output_norm.weight", count: d)
        output =
            try file.tensor("output.weight").map { _ in
                try matrix("output.weight", rows: vocabularyCount, columns: d)
            } ?? tokenEmbedding
    }

    /// The formats that occur in projections.
    public var formats: Set<WeightFormat> { Set(projections.map(\.format)) }
}
