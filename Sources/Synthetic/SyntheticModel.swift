public import GGUF

/// A model of a known shape with random weights: for measuring speed and memory, without any download.
///
/// Its files have the metadata, tensors and formats of real ones. What such a model says has no sense.
public struct SyntheticModel: Sendable {
    public let shape: SyntheticShape
    public let mix: FormatMix

    /// Part of the file, so that files made by an earlier generator are made anew.
    private static let generator = 1

    public init(shape: SyntheticShape, mix: FormatMix) {
        self.shape = shape
        self.mix = mix
    }

    /// The model of this name, such as `gemma-2b:Q4_K_M`; case does not matter.
    ///
    /// Throws: ``SyntheticModelError/unknownName(_:)``, which lists the known names.
    public init(name: String) throws(SyntheticModelError) {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            let shape = SyntheticShape.all.first(where: { $0.name == parts[0].lowercased() }),
            let mix = FormatMix.all.first(where: { $0.name == parts[1].uppercased() })
        else { throw .unknownName(name) }
        self.init(shape: shape, mix: mix)
    }

    public var name: String { "\(shape.name):\(mix.name)" }
    public var fileName: String { "synthetic-\(shape.name)-\(mix.name).gguf" }

    /// The format of the tensor of this name, or nil if the model has none.
    public func format(of tensor: String) -> TensorType? {
        shape.tensors.first { $0.name == tensor }.map(format)
    }

    /// Bytes of the model's file.
    public var byteCount: Int { writer().byteCount }

    /// Writes the model to `path`, which gets its name when all is on disk. The same bytes each time.
    ///
    /// - Parameter progress: the fraction of the data written; what it throws ends the work and leaves no file.
    /// Throws: `GGUFError.cannotWrite`, or what `progress` throws.
    public func write(to path: String, progress: (_ fraction: Double) throws -> Void = { _ in }) throws {
        try write(writer(), to: path, progress: progress)
    }

    /// The path of the model's file in `directory`, by default `models` in Carat's cache folder. Made if it is not there,
    /// or not whole, or made by another version. Two processes at once make it twice, and the later one replaces the other.
    ///
    /// - Parameter progress: the fraction of the data written; never called when the file is there. What it throws ends the work.
    /// Throws: ``SyntheticModelError``, or what `progress` throws.
    public static func cached(
        named name: String, directory: String? = nil, progress: (_ fraction: Double) throws -> Void = { _ in }
    ) throws -> String {
        let model = try SyntheticModel(name: name)
        guard let folder = directory ?? UserDirectory.cache.path.map({ $0 + "/models" }) else {
            throw SyntheticModelError.noCacheDirectory
        }
        let path = "\(folder)/\(model.fileName)"
        let writer = model.writer()
        if writer.hasWritten(path) { return path }
        do {
            try UserDirectory.create(folder)
            try model.write(writer, to: path, progress: progress)
        } catch let error as GGUFError {
            throw SyntheticModelError.cannotMake(
                name: model.name, bytes: writer.byteCount, directory: folder, reason: error)
        }
        return path
    }

    private func write(_ writer: GGUFWriter, to path: String, progress: (Double) throws -> Void) throws {
        let total = shape.tensors.reduce(0) { sum, tensor in
            let type = format(of: tensor)
            return sum + tensor.shape.reduce(1, *) / type.blockSize * type.bytesPerBlock
        }
        var written = 0
        var seed: UInt64 = 0
        try progress(0)
        try writer.write(to: path) { tensor, append in
            seed += 1
            func note(_ bytes: ArraySlice<UInt8>) throws {
                try append(bytes)
                written += bytes.count
                try progress(Double(written) / Double(total))
            }
            if tensor.shape.count == 1 {
                // norm weights lie around 1
                var random = SplitMix(seed)
                try note(RandomBlocks.bytes(.F32, count: tensor.elementCount, mean: 1, scale: 0.1, &random)[...])
            } else {
                // so that matrices keep the size of their input
                var data = RandomTensor(tensor, scale: 1 / Float(tensor.columnCount).squareRoot(), seed: seed)
                try data.stream(note)
            }
        }
    }

    private func writer() -> GGUFWriter {
        var writer = GGUFWriter()
        for (key, value) in metadata { writer.add(key, value) }
        for tensor in shape.tensors {
            writer.addTensor(tensor.name, type: format(of: tensor), shape: tensor.shape)
        }
        return writer
    }

    private func format(of tensor: SyntheticShape.Tensor) -> TensorType {
        tensor.role.map { mix.format(of: $0, layer: tensor.layer, in: shape) } ?? .F32
    }

    private var metadata: [(String, Metadata.Value)] {
        let vocabulary = SyntheticVocabulary(count: shape.vocabularyCount)
        func count(_ value: Int) -> Metadata.Value { .uint32(UInt32(value)) }
        return [
            ("general.architecture", .string("gemma")),
            ("general.name", .string(ByteString("synthetic \(shape.name)"))),
            (
                "general.description",
                .string(ByteString("Random weights, for measuring speed; generator \(Self.generator)"))
            ),
            ("gemma.context_length", count(shape.contextLength)),
            ("gemma.embedding_length", count(shape.width)),
            ("gemma.block_count", count(shape.layers)),
            ("gemma.feed_forward_length", count(shape.feedForwardWidth)),
            ("gemma.attention.head_count", count(shape.heads)),
            ("gemma.attention.head_count_kv", count(shape.kvHeads)),
            ("gemma.attention.layer_norm_rms_epsilon", .float32(1e-6)),
            ("gemma.attention.key_length", count(shape.headDim)),
            ("gemma.attention.value_length", count(shape.headDim)),
            ("tokenizer.ggml.model", .string("llama")),
            ("tokenizer.ggml.pre", .string("default")),
            ("tokenizer.ggml.tokens", .array(ArrayValue(vocabulary.texts))),
            ("tokenizer.ggml.scores", .array(ArrayValue(vocabulary.scores))),
            ("tokenizer.ggml.token_type", .array(ArrayValue(vocabulary.kinds))),
            ("tokenizer.ggml.bos_token_id", count(2)),
            ("tokenizer.ggml.eos_token_id", count(1)),
            ("tokenizer.ggml.unknown_token_id", count(3)),
            ("tokenizer.ggml.padding_token_id", count(0)),
            ("tokenizer.ggml.add_space_prefix", .bool(false)),
            ("tokenizer.ggml.add_bos_token", .bool(true)),
            ("general.quantization_version", .uint32(2)),
            ("general.file_type", .uint32(mix.fileType)),
        ]
    }
}
