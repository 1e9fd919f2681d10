internal import CKernels
public import GGUF
internal import Synchronization

/// Reads rows of a tensor and encodes them in another format, on the thread team.
///
/// Rows are read by the threads that encode them, into memory of their own: what is held at once is a few hundred KiB a
/// thread, however large the tensor.
public final class TensorEncoder {
    private let team: ThreadTeam
    private let kernels: Kernels
    private let encoders: UnsafePointer<carat_encoders>
    private let effort: EncodingEffort
    private let source: PositionedFile
    private var scratch: [Scratch]

    /// Weights that a thread takes at a time.
    private static let chunkWeights = 1 << 16

    /// What one thread reads into.
    private struct Scratch {
        var bytes = Buffer<UInt8>(count: 0)
        var floats = Buffer<Float>(count: 0)

        mutating func reserve(bytes: Int, floats: Int) {
            if self.bytes.count < bytes { self.bytes = Buffer(count: bytes) }
            if self.floats.count < floats { self.floats = Buffer(count: floats) }
        }
    }

    /// Throws: `GGUFError` when the file cannot be opened once more.
    public init(
        _ file: GGUFFile, effort: EncodingEffort = .normal, threads: Int, kernels: Kernels = .best
    ) throws(GGUFError) {
        source = try PositionedFile(file.bytes)
        team = ThreadTeam(size: threads)
        self.kernels = kernels
        self.effort = effort
        encoders = kernels.encoders
        scratch = (0..<threads).map { _ in Scratch() }
    }

    /// The bytes of `rows` of `tensor` as `encoding`. Their own type is kept where that is nil.
    ///
    /// - Parameter importance: what the squared error of each column counts: `columnCount` numbers, or as many for each
    ///   matrix of a tensor of several.
    /// - Parameter alongside: called once on one of the threads meanwhile, to write what was encoded before.
    /// Throws: `GGUFError.cannotRead`; ``ComputeError/notFinite(tensor:row:column:value:)``,
    /// ``ComputeError/tooLargeToEncode(tensor:type:)``; ``ComputeError/unsupportedFormat(tensor:type:)`` for types that
    /// cannot be read as floats. Which error it is does not depend on the threads.
    /// Precondition: a row is whole blocks of the encoding.
    public func encode(
        _ rows: Range<Int>, of tensor: TensorInfo, as encoding: WeightEncoding?, importance: [Float]? = nil,
        alongside: () -> Void = {}
    ) throws -> [UInt8] {
        let format = WeightFormat(tensor.type)
        guard format != nil || encoding == nil else {
            throw ComputeError.unsupportedFormat(tensor: tensor.name, type: tensor.type.name)
        }
        let job = Job(
            tensor: tensor, encoding: encoding, importance: importance, dequantize: format.map(kernels.dequantize),
            encode: encoding?.code.map { carat_encode(encoders, $0, effort == .high) } ?? nil)
        let chunkRows = max(1, Self.chunkWeights / max(tensor.columnCount, 1))
        let chunks = (rows.count + chunkRows - 1) / chunkRows
        for index in scratch.indices {
            let most = min(chunkRows, rows.count)
            scratch[index].reserve(
                bytes: most * tensor.bytesPerRow, floats: format == nil ? 0 : most * tensor.columnCount)
        }
        let failure = Mutex<(chunk: Int, error: any Error)?>(nil)
        let bytes = [UInt8](unsafeUninitializedCapacity: rows.count * job.bytesPerRow) { output, count in
            team.run(chunks: chunks + 1, threads: team.size) { chunk, worker in
                guard chunk > 0 else { return alongside() }
                let first = rows.lowerBound + (chunk - 1) * chunkRows
                let part = first..<min(first + chunkRows, rows.upperBound)
                let start = (part.lowerBound - rows.lowerBound) * job.bytesPerRow
                let target = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(output)[start..<start + part.count * job.bytesPerRow])
                do {
                    try job.run(part, from: source, scratch[worker], into: target)
                } catch {
                    failure.withLock { if $0.map({ chunk < $0.chunk }) ?? true { $0 = (chunk, error) } }
                }
            }
            count = rows.count * job.bytesPerRow
        }
        if let error = failure.withLock({ $0?.error }) { throw error }
        return bytes
    }

    /// Throws: `GGUFError.cannotRead` if the file is no longer the one that was opened.
    public func checkUnchanged() throws(GGUFError) { try source.checkUnchanged() }

    /// What is done with each row of one tensor.
    private struct Job {
        let tensor: TensorInfo
        let encoding: WeightEncoding?
        let importance: [Float]?
        let dequantize: carat_dequantize_fn?
        let encode: carat_encode_fn?

        var bytesPerRow: Int {
            guard let encoding, let type = TensorType.named(encoding.rawValue) else { return tensor.bytesPerRow }
            return tensor.columnCount / type.blockSize * type.bytesPerBlock
        }

        func run(
            _ rows: Range<Int>, from source: PositionedFile, _ scratch: Scratch,
            into target: UnsafeMutableRawBufferPointer
        ) throws {
            let columns = tensor.columnCount
            guard let start = target.baseAddress, columns > 0 else { return }
            let byteCount = rows.count * tensor.bytesPerRow
            let offset = tensor.offset + rows.lowerBound * tensor.bytesPerRow
            guard let dequantize else { return try source.read(at: offset, into: target) }
            try source.read(
                at: offset, into: UnsafeMutableRawBufferPointer(start: scratch.bytes.base, count: byteCount))
            dequantize(scratch.bytes.base, rows.count * columns, scratch.floats.base)
            let finite = carat_find_not_finite(scratch.floats.base, rows.count * columns)
            guard finite == rows.count * columns else {
                throw ComputeError.notFinite(
                    tensor: tensor.name, row: rows.lowerBound + finite / columns, column: finite % columns,
                    value: scratch.floats.base[finite])
            }
            guard encoding != nil else {
                return start.copyMemory(from: scratch.bytes.base, byteCount: byteCount)
            }
            guard let encode else {  // F32
                return start.copyMemory(from: scratch.floats.base, byteCount: target.count)
            }
            for part in matrices(rows) {
                let fits = withImportance(ofRow: part.lowerBound) { importance in
                    encode(
                        scratch.floats.base + (part.lowerBound - rows.lowerBound) * columns, part.count, columns,
                        importance, start + (part.lowerBound - rows.lowerBound) * bytesPerRow)
                }
                guard fits else {
                    throw ComputeError.tooLargeToEncode(tensor: tensor.name, type: encoding?.rawValue ?? "")
                }
            }
        }

        /// The parts of `rows` that lie in one matrix each.
        private func matrices(_ rows: Range<Int>) -> [Range<Int>] {
            guard importance != nil, tensor.shape.count > 2 else { return [rows] }
            let height = max(tensor.shape[1], 1)
            var parts: [Range<Int>] = []
            var first = rows.lowerBound
            while first < rows.upperBound {
                let end = min((first / height + 1) * height, rows.upperBound)
                parts.append(first..<end)
                first = end
            }
            return parts
        }

        private func withImportance<R>(ofRow row: Int, _ body: (UnsafePointer<Float>?) -> R) -> R {
            guard let importance else { return body(nil) }
            let matrix =
                tensor.shape.count > 2 && importance.count > tensor.columnCount ? row / max(tensor.shape[1], 1) : 0
            let start = matrix * tensor.columnCount
            precondition(start + tensor.columnCount <= importance.count, "\(importance.count) importances")
            return importance.withUnsafeBufferPointer { body($0.baseAddress.map { $0 + start }) }
        }
    }
}

extension Kernels {
    /// The encoders of this instruction set, or the portable ones.
    var encoders: UnsafePointer<carat_encoders> {
        switch instructionSet {
        case .avx2, .avxvnni, .avx512vnni: carat_encoders_avx2() ?? carat_encoders_portable()
        case .portable, .neon: carat_encoders_portable()
        }
    }
}
