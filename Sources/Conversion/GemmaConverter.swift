internal import Compute
package import GGUF
internal import JSON

/// Makes a GGUF file of a Gemma 1 model's Hugging Face folder: the tensors, names, order and metadata of llama.cpp's
/// converter.
///
/// Everything but the numbers is read and checked when it is made; the numbers are then converted a part at a time.
package struct GemmaConverter {
    /// The types that weights can have. Norm weights are always F32.
    package enum TargetType: String, CaseIterable, Sendable {
        case f32, f16, bf16

        package var tensorType: TensorType {
            switch self {
            case .f32: .F32
            case .f16: .F16
            case .bf16: .BF16
            }
        }

        /// As general.file_type numbers it.
        var fileType: UInt32 {
            switch self {
            case .f32: 0
            case .f16: 1
            case .bf16: 32
            }
        }
    }

    private struct Step {
        let source: SafetensorsFile.Tensor
        let part: SafetensorsFile
        let isNorm: Bool
    }

    package let type: TargetType
    /// Bytes of the file that is made.
    package let byteCount: Int
    /// Bytes of the weights that are read.
    package let sourceByteCount: Int
    package let tensorCount: Int
    package let parameterCount: Int
    package let vocabularyCount: Int
    /// Tokens that no file of the folder names: rows that only round the vocabulary's size.
    package let paddingCount: Int
    private let folder: HuggingFaceFolder
    private let steps: [String: Step]
    private let writer: GGUFWriter

    /// - Parameter type: of the weights; nil for the one that keeps most of what is there in 16 bits.
    /// Throws: ``ConversionError``.
    package init(_ path: String, type: TargetType? = nil) throws(ConversionError) {
        let folder = try HuggingFaceFolder(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
        let configPath = folder.path + "/config.json"
        guard let config = try folder.json("config.json") else {
            throw .missingFile(path: configPath, purpose: "says the model's sizes")
        }
        let parameters = try HyperParameters(config, path: configPath)
        let tokenizerPath = folder.path + "/tokenizer.model"
        guard folder.has("tokenizer.model") else {
            throw .missingFile(path: tokenizerPath, purpose: "holds the vocabulary")
        }
        let pieces = try SentencePieceModel(tokenizerPath)
        let vocabularyCount = parameters.vocabularyCount ?? pieces.pieces.count
        guard pieces.isComplete || pieces.pieces.count >= vocabularyCount else {
            throw .tokenizer(
                path: tokenizerPath,
                what: "it is cut short, after \(pieces.pieces.count) of config.json's \(vocabularyCount) tokens")
        }
        let sources = try Self.match(folder, TensorMap(parameters, vocabularyCount: vocabularyCount))
        let tokens = try TokenList(pieces, count: vocabularyCount, folder: folder)

        let type = type ?? Self.automaticType(sources.map(\.step.source))
        var writer = GGUFWriter()
        var steps: [String: Step] = [:]
        for (name, step) in sources {
            let isVector = step.source.shape.count == 1
            writer.addTensor(
                name, type: isVector ? .F32 : type.tensorType, shape: step.source.shape.reversed())
            steps[name] = step
        }
        parameterCount = sources.reduce(0) { $0 + $1.step.source.shape.reduce(1, *) }
        for (key, value) in try Self.metadata(
            folder, config, parameters, tokens, type: type, parameterCount: parameterCount)
        {
            writer.add(key, value)
        }
        self.folder = folder
        self.type = type
        self.steps = steps
        self.writer = writer
        byteCount = writer.byteCount
        sourceByteCount = sources.reduce(0) { $0 + $1.step.source.bytes.count }
        tensorCount = sources.count
        self.vocabularyCount = vocabularyCount
        paddingCount = tokens.paddingCount
    }

    /// The tensors in the order of the files and their headers, each under its new name.
    private static func match(
        _ folder: HuggingFaceFolder, _ map: TensorMap
    ) throws(ConversionError) -> [(name: String, step: Step)] {
        var result: [(name: String, step: Step)] = []
        var missing = Set(map.names)
        for part in folder.parts {
            for tensor in part.tensors where !TensorMap.isRedundant(tensor.name) {
                guard let target = map[tensor.name] else {
                    throw .unknownTensor(path: part.path, tensor: tensor.name)
                }
                guard tensor.shape == target.shape else {
                    throw .shape(path: part.path, tensor: tensor.name, found: tensor.shape, expected: target.shape)
                }
                missing.remove(tensor.name)
                result.append((target.name, Step(source: tensor, part: part, isNorm: target.isNorm)))
            }
        }
        if let name = missing.min() { throw .missingTensor(name, folder: folder.path) }
        return result
    }

    /// BF16 where the first matrix is in BF16, else F16, as llama.cpp's converter chooses.
    private static func automaticType(_ tensors: [SafetensorsFile.Tensor]) -> TargetType {
        for tensor in tensors where tensor.shape.count > 1 {
            if tensor.type == .BF16 { return .bf16 }
            if tensor.type == .F16 { return .f16 }
        }
        return .f16
    }

    private static func metadata(
        _ folder: HuggingFaceFolder, _ config: JSONValue, _ parameters: HyperParameters, _ tokens: TokenList,
        type: TargetType, parameterCount: Int
    ) throws(ConversionError) -> [(String, Metadata.Value)] {
        var pairs: [(String, Metadata.Value)] = [
            ("general.architecture", .string("gemma")), ("general.type", .string("model")),
        ]
        pairs += try GeneralMetadata(folder, config: config, parameters: parameterCount).metadata
        pairs += parameters.metadata
        pairs += [
            ("general.file_type", .uint32(type.fileType)),
            ("general.quantization_version", .uint32(2)),
        ]
        pairs += tokens.metadata
        pairs += try SpecialTokens(folder, config: config, vocabularyCount: tokens.count).metadata
        pairs += try ChatTemplates(folder).metadata
        // Token 107 in all of Google's Gemma 1 models. Other vocabularies have another text there, and a text that ends
        // every answer would be wrong.
        if let id = tokens.id(of: "<end_of_turn>") {
            pairs.append(("tokenizer.ggml.eot_token_id", .uint32(UInt32(clamping: id))))
        }
        pairs.append(("tokenizer.ggml.add_space_prefix", .bool(false)))
        return pairs
    }

    /// Writes the file, which gets its name when all is on disk.
    ///
    /// - Parameter progress: bytes of the source that are done; what it throws ends the work and leaves no file.
    /// Throws: ``ConversionError``, `GGUFError.cannotWrite`, or what `progress` throws.
    package func write(to path: String, progress: (_ done: Int) throws -> Void = { _ in }) throws {
        try checkTarget(path)
        let converter = FloatConverter()
        var buffer = [UInt8](repeating: 0, count: FloatConverter.capacity * MemoryLayout<Float>.size)
        var done = 0
        try progress(0)
        try writer.write(to: path) { tensor, append in
            guard let step = steps[tensor.name], let format = WeightFormat(step.source.type),
                let target = WeightFormat(tensor.type)
            else { preconditionFailure("tensor \(tensor.name) has no source") }
            let size = step.source.type.bytesPerBlock
            let end = step.source.bytes.upperBound
            for start in stride(from: step.source.bytes.lowerBound, to: end, by: FloatConverter.capacity * size) {
                let count = min(FloatConverter.capacity * size, end - start)
                try step.part.file.read(count, at: start, into: &buffer)
                let first = (start - step.source.bytes.lowerBound) / size
                do {
                    try append(
                        try converter.convert(
                            buffer.span.bytes.extracting(0..<count), of: format, adding: step.isNorm ? 1 : 0, to: target
                        ))
                } catch let fault as FloatConverter.Fault {
                    throw ConversionError(fault, step.source, step.part, first: first, type: tensor.type)
                }
                done += count
                try progress(done)
            }
        }
    }

    /// The target is none of the files that are read, and fits on its disk.
    private func checkTarget(_ path: String) throws(ConversionError) {
        if let target = FileIdentity(path: path), folder.holds(target) { throw .outputIsInput(path: path) }
        if let available = DiskSpace.available(for: path), available < byteCount {
            throw .noRoom(path: path, needed: byteCount, available: available)
        }
    }
}

extension ConversionError {
    fileprivate init(
        _ fault: FloatConverter.Fault, _ tensor: SafetensorsFile.Tensor, _ part: SafetensorsFile, first: Int,
        type: TensorType
    ) {
        switch fault {
        case .notFinite(let index): self = .notFinite(path: part.path, tensor: tensor.name, element: first + index)
        case .tooLarge(let index, let value):
            self = .tooLarge(
                path: part.path, tensor: tensor.name, element: first + index, value: value, type: type.name)
        }
    }
}
