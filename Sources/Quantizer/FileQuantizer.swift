public import Compute
public import GGUF

/// Writes a model file in other formats, tensor by tensor and part by part: memory stays flat.
public struct FileQuantizer {
    private let file: GGUFFile
    private let plan: QuantizationPlan
    private let importance: ImportanceMatrix?

    /// Settings of the work that do not change what comes out, but for the effort.
    public var threads = ThreadBudget.current().threads
    public var kernels = Kernels.best
    public var effort = EncodingEffort.normal

    /// About this many bytes of the source are encoded at once, and written while the next are encoded.
    private static let slabBytes = 16 << 20

    public init(_ file: GGUFFile, plan: QuantizationPlan, importance: ImportanceMatrix? = nil) {
        self.file = file
        self.plan = plan
        self.importance = importance
    }

    /// Writes the new file under a temporary name beside `path`; it gets its name when all is on disk.
    ///
    /// - Parameter progress: bytes of the source that are done; what it throws ends the work and leaves no file.
    /// Throws: `GGUFError` for files that cannot be read or written, `ComputeError` for weights that are not finite or
    /// too large, ``QuantizerError/sameFile(_:)``, or what `progress` throws.
    public func write(to path: String, progress: (_ done: Int) throws -> Void = { _ in }) throws {
        guard !file.bytes.isSameFile(as: path) else { throw QuantizerError.sameFile(path) }
        let encoder = try TensorEncoder(file, effort: effort, threads: threads, kernels: kernels)
        var done = 0
        try progress(0)
        var rest = plan.tensors[...]
        try writer().write(to: path) { _, append in
            guard let tensor = rest.popFirst() else { preconditionFailure("more tensors than planned") }
            try stream(tensor, encoder, append) { bytes in
                done += bytes
                try progress(done)
            }
            // A half-written file that another program replaces is worth nothing: say so before the rename.
            if rest.isEmpty { try encoder.checkUnchanged() }
        }
    }

    private func stream(
        _ tensor: QuantizationPlan.Tensor, _ encoder: TensorEncoder, _ append: (ArraySlice<UInt8>) throws -> Void,
        progress: (Int) throws -> Void
    ) throws {
        let source = tensor.source
        guard source.byteCount > 0 else { return }
        let encoding = tensor.isKept ? nil : WeightEncoding(tensor.type)
        let values = tensor.isKept || tensor.type.blockSize == 1 ? nil : try importance?.values(for: source)
        let slab = max(1, Self.slabBytes / max(source.bytesPerRow, 1))
        var ready: [UInt8] = []
        var first = 0
        while first < source.rowCount {
            let rows = first..<min(first + slab, source.rowCount)
            var writing = Result<Void, any Error>.success(())
            let before = ready
            ready = try encoder.encode(rows, of: source, as: encoding, importance: values) {
                writing = Result { try append(before[...]) }
            }
            try writing.get()
            try progress(rows.count * source.bytesPerRow)
            first = rows.upperBound
        }
        try append(ready[...])
    }

    private func writer() -> GGUFWriter {
        var writer = GGUFWriter(alignment: file.alignment)
        let own = ["general.quantization_version", "general.file_type"]
        for entry in file.metadata.entries where !own.contains(entry.key) && !entry.key.hasPrefix("split.") {
            writer.add(entry.key, entry.value)
        }
        writer.add(own[0], .uint32(2))
        writer.add(own[1], .uint32(plan.recipe.fileType))
        if let importance {
            writer.add("quantize.imatrix.file", .string(ByteString(importance.path)))
            if let dataset = importance.datasets.first {
                writer.add("quantize.imatrix.dataset", .string(ByteString(dataset)))
            }
            writer.add("quantize.imatrix.entries_count", .uint32(UInt32(importance.count)))
            writer.add("quantize.imatrix.chunks_count", .uint32(UInt32(clamping: importance.chunkCount)))
        }
        for tensor in plan.tensors {
            writer.addTensor(tensor.source.name, type: tensor.type, shape: tensor.source.shape)
        }
        return writer
    }
}
