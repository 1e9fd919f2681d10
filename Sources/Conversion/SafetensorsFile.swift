internal import GGUF
internal import JSON

/// A file of tensors in the safetensors form: the length of a JSON header, the header, and the numbers.
///
/// Nothing in the header is believed: every tensor has a known type, a size that follows from its shape, and bytes of
/// its own within the file. Source: the format's description at github.com/huggingface/safetensors.
struct SafetensorsFile {
    struct Tensor {
        let name: String
        let type: TensorType
        /// As the header has it: the length of a row last.
        let shape: [Int]
        /// In the whole file.
        let bytes: Range<Int>
    }

    let file: SourceFile
    /// In the order of the header.
    let tensors: [Tensor]

    /// A header describes a tensor in about 100 bytes, and the largest models have some ten thousand.
    static let maximumHeaderSize = 16 << 20

    var path: String { file.path }

    /// Throws: ``ConversionError``, naming the file and the tensor.
    init(_ path: String) throws(ConversionError) {
        file = try SourceFile(path)
        let start = try Self.headerEnd(file)
        var header = [UInt8](repeating: 0, count: start - 8)
        try file.read(header.count, at: 8, into: &header)
        let value: JSONValue
        do { value = try JSONValue(parsing: header, limit: Self.maximumHeaderSize) } catch {
            throw .damaged(path: path, what: "its header is not JSON: \(error.text)")
        }
        guard case .object(let members) = value else {
            throw .damaged(path: path, what: "its header is no JSON object")
        }
        var tensors: [Tensor] = []
        for name in members.names where name != "__metadata__" {
            guard let value = members[name] else { continue }
            tensors.append(try Self.tensor(name, value, dataStart: start, file: file))
        }
        self.tensors = tensors
        try checkLayout(dataStart: start)
    }

    private static func headerEnd(_ file: SourceFile) throws(ConversionError) -> Int {
        guard file.size > 8 else {
            throw .incomplete(path: file.path, what: "it has \(file.size) bytes, too few for a header")
        }
        var prefix = [UInt8](repeating: 0, count: 8)
        try file.read(8, at: 0, into: &prefix)
        let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(maximumHeaderSize) else {
            throw .damaged(
                path: file.path,
                what: "its header would have \(length) bytes, and at most \(maximumHeaderSize) are read")
        }
        guard Int(length) <= file.size - 8 else {
            throw .incomplete(
                path: file.path, what: "its header has \(length) bytes and the file only \(file.size - 8) more")
        }
        return 8 + Int(length)
    }

    private static func tensor(
        _ name: String, _ value: JSONValue, dataStart: Int, file: SourceFile
    ) throws(ConversionError) -> Tensor {
        func fault(_ what: String) -> ConversionError { .damagedTensor(path: file.path, tensor: name, what: what) }
        guard let dtype = value["dtype"]?.string else { throw fault("it has no dtype") }
        guard let type = [TensorType.F32, .F16, .BF16].first(where: { $0.name == dtype }) else {
            throw .dtype(path: file.path, tensor: name, dtype: dtype)
        }
        guard case .array(let sizes) = value["shape"], sizes.count <= TensorInfo.maximumDimensions else {
            throw fault("it has no shape of up to \(TensorInfo.maximumDimensions) dimensions")
        }
        var shape: [Int] = []
        var byteCount = type.bytesPerBlock
        for size in sizes {
            guard case .integer(let size) = size, size >= 0 else { throw fault("a dimension is no whole number") }
            shape.append(size)
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
            guard !overflow else { throw fault("its shape \(shape) has more bytes than can be counted") }
            byteCount = product
        }
        guard case .array(let offsets) = value["data_offsets"], offsets.count == 2,
            case .integer(let begin) = offsets[0], case .integer(let end) = offsets[1], begin >= 0, begin <= end
        else { throw fault("its data_offsets are no range of bytes") }
        guard end <= file.size - dataStart else {
            throw .incomplete(
                path: file.path,
                what: "tensor \(name.shown) ends at byte \(end) of \(file.size - dataStart) bytes of data")
        }
        guard end - begin == byteCount else {
            throw fault("it has \(end - begin) bytes, where shape \(shape) of \(dtype) needs \(byteCount)")
        }
        return Tensor(name: name, type: type, shape: shape, bytes: dataStart + begin..<dataStart + end)
    }

    /// Tensors lie one after another and fill the file.
    private func checkLayout(dataStart: Int) throws(ConversionError) {
        var end = dataStart
        var previous = ""
        let inOrder = tensors.sorted {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        for tensor in inOrder {
            guard tensor.bytes.lowerBound >= end else {
                throw .damagedTensor(
                    path: path, tensor: tensor.name, what: "its bytes overlap those of \(previous.shown)")
            }
            guard tensor.bytes.lowerBound == end else {
                throw .damagedTensor(
                    path: path, tensor: tensor.name,
                    what: "\(tensor.bytes.lowerBound - end) bytes before it belong to no tensor")
            }
            end = tensor.bytes.upperBound
            previous = tensor.name
        }
        guard end == file.size else {
            throw .damaged(path: path, what: "\(file.size - end) bytes at its end belong to no tensor")
        }
    }
}
