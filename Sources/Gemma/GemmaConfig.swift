public import Compute
public import GGUF

/// Hyper-parameters of a Gemma 1 model, read from the file and checked before anything is computed with them.
public struct GemmaConfig: Sendable, Equatable {
    /// Width d of the residual stream.
    public let width: Int
    public let layers: Int
    /// Width ff of the feed-forward layer.
    public let feedForwardWidth: Int
    public let heads: Int
    /// KV heads: 1 is multi-query attention (2B), as many as heads is multi-head attention (7B).
    public let kvHeads: Int
    public let headDim: Int
    /// Positions the model was trained for.
    public let contextLength: Int
    public let normEpsilon: Float
    public let ropeBase: Float

    /// Throws: `GemmaError` or `GGUFError`, naming the key.
    public init(_ metadata: Metadata) throws {
        let architecture = try metadata.string("general.architecture")
        guard architecture == "gemma" else { throw GemmaError.architecture(architecture) }

        func integer(_ key: String, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
            guard let value = try metadata.uint32(key).map(Int.init) ?? fallback else {
                throw GemmaError.missingKey(key)
            }
            guard range.contains(value) else {
                throw GemmaError.outOfRange(
                    key: key, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        func float(_ key: String, _ range: ClosedRange<Float>, default fallback: Float? = nil) throws -> Float {
            guard let value = try metadata.float32(key) ?? fallback else { throw GemmaError.missingKey(key) }
            guard range.contains(value) else {
                throw GemmaError.outOfRange(
                    key: key, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }

        width = try integer("gemma.embedding_length", 1...65_536)
        layers = try integer("gemma.block_count", 1...512)
        feedForwardWidth = try integer("gemma.feed_forward_length", 1...1_048_576)
        heads = try integer("gemma.attention.head_count", 1...1_024)
        kvHeads = try integer("gemma.attention.head_count_kv", 1...1_024, default: heads)
        let impliedHeadDim = max(1, width / heads)
        headDim = try integer("gemma.attention.key_length", 2...1_024, default: impliedHeadDim)
        let valueDim = try integer("gemma.attention.value_length", 2...1_024, default: headDim)
        let rotatedDim = try integer("gemma.rope.dimension_count", 2...1_024, default: headDim)
        contextLength = try integer("gemma.context_length", 1...16_777_216)
        normEpsilon = try float("gemma.attention.layer_norm_rms_epsilon", 1e-12...1e-2)
        ropeBase = try float("gemma.rope.freq_base", 1...1e9, default: 10_000)
        guard heads % kvHeads == 0 else {
            throw GemmaError.inconsistent("\(heads) heads cannot share \(kvHeads) KV heads evenly")
        }
        guard headDim % 2 == 0, valueDim == headDim, rotatedDim == headDim else {
            throw GemmaError.inconsistent(
                "keys of \(headDim), values of \(valueDim) and rotations of \(rotatedDim) dimensions do not fit together"
            )
        }
        if let scaling = try metadata.string("gemma.rope.scaling.type"), scaling != "none" {
            throw GemmaError.outOfRange(key: "gemma.rope.scaling.type", value: scaling, allowed: "only 'none'")
        }
    }

    /// Bytes that one position takes in the KV cache.
    public func kvBytesPerToken(keys: KVCache.Element, values: KVCache.Element) -> Int {
        layers * KVCache.bytesPerPosition(kvHeads: kvHeads, headDim: headDim, keys: keys, values: values)
    }
}
