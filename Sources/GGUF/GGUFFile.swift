/// A parsed GGUF file: metadata, tensor descriptions, and the bytes they point into.
///
/// Versions 2 and 3, little-endian. Opening reads the header only; every tensor is proven to lie within the file.
/// Types without kernels are accepted here, so that such files can be listed and converted.
/// Source: the GGUF specification in the ggml project's documentation, docs/gguf.md.
public struct GGUFFile: Sendable {
    public let bytes: FileBytes
    public let version: UInt32
    /// What tensor offsets are multiples of, in bytes.
    public let alignment: Int
    /// Where the tensor data begins, in bytes from the start of the file.
    public let dataOffset: Int
    public let metadata: Metadata
    /// In file order.
    public let tensors: [TensorInfo]
    private let index: [String: Int]

    /// Throws: ``GGUFError`` if the file cannot be mapped or is not well-formed.
    public init(path: String) throws(GGUFError) { try self.init(bytes: try FileBytes(mapping: path)) }

    /// Throws: ``GGUFError`` if the bytes are not a well-formed file.
    public init(bytes: FileBytes) throws(GGUFError) {
        let header = try HeaderParser(bytes)
        self.bytes = bytes
        version = header.version
        alignment = header.alignment
        dataOffset = header.dataOffset
        metadata = header.metadata
        tensors = header.tensors
        var index: [String: Int] = [:]
        index.reserveCapacity(tensors.count)
        for (position, tensor) in tensors.enumerated() { index[tensor.name] = position }
        self.index = index
    }

    /// The tensor of this name, or nil. Complexity: O(1).
    public func tensor(_ name: String) -> TensorInfo? { index[name].map { tensors[$0] } }

    /// Throws: ``GGUFError/missingTensor(_:)``.
    public func requireTensor(_ name: String) throws(GGUFError) -> TensorInfo {
        guard let tensor = tensor(name) else { throw .missingTensor(name) }
        return tensor
    }
}

extension GGUFFile {
    static let alignmentKey = "general.alignment"

    /// The alignment of files that do not state one, in bytes.
    public static let defaultAlignment = 32
    /// A larger general.alignment is refused: it only makes padding. In use are 32 to 4096.
    public static let maximumAlignment = 1 << 20
    /// In bytes, as in ggml's key-value limits.
    public static let maximumKeyLength = 65_535
    /// Models have some tens of keys; the bound keeps the memory for a hostile file small.
    public static let maximumKeyCount = 65_536
    /// Models have some hundreds of tensors, the largest some thousands.
    public static let maximumTensorCount = 65_536
    /// Bytes of a header. A vocabulary of 262,144 with its merges takes about 15 MiB.
    public static let maximumHeaderSize = 48 << 20
}
