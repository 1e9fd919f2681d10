/// Makes a GGUF file: for tests, and for tools that write models.
///
/// Pairs and tensors are written in the order in which they were added.
public struct GGUFWriter: Sendable {
    public let alignment: Int
    public let version: UInt32
    private var metadata = Metadata()
    private var tensors: [Tensor] = []
    private var names: Set<String> = []

    private struct Tensor: Sendable {
        let info: TensorInfo
        let bytes: [UInt8]?
    }

    /// Precondition: `alignment` is a power of two up to ``GGUFFile/maximumAlignment``; `version` is 2 or 3.
    public init(alignment: Int = GGUFFile.defaultAlignment, version: UInt32 = 3) {
        precondition(
            alignment > 0 && alignment & (alignment - 1) == 0 && alignment <= GGUFFile.maximumAlignment,
            "alignment \(alignment)")
        precondition(version == 2 || version == 3, "GGUF version \(version)")
        self.alignment = alignment
        self.version = version
        if alignment != GGUFFile.defaultAlignment {
            metadata.set(GGUFFile.alignmentKey, .uint32(UInt32(alignment)))
        }
    }

    /// Adds a pair. A key that is there already gets the new value, in its place.
    ///
    /// The value of general.alignment is always the writer's own, so the pairs of another file can be added as they are.
    /// Precondition: `key` has 1 to 65,535 bytes, none of them NUL.
    public mutating func add(_ key: String, _ value: Metadata.Value) {
        precondition(
            !key.isEmpty && key.utf8.count <= GGUFFile.maximumKeyLength && !key.utf8.contains(0),
            "metadata key of \(key.utf8.count) bytes")
        metadata.set(key, key == GGUFFile.alignmentKey ? .uint32(UInt32(alignment)) : value)
    }

    /// Adds a tensor with its data.
    ///
    /// Shape: `shape[0]` is the length of a row.
    /// Precondition: the name is new and has 1 to 63 bytes; rows are whole blocks; `bytes` has the size that type and
    /// shape give.
    public mutating func addTensor(_ name: String, type: TensorType, shape: [Int], bytes: [UInt8]) {
        let info = declare(name, type, shape)
        precondition(
            bytes.count == info.byteCount, "tensor \(name): \(bytes.count) bytes instead of \(info.byteCount)")
        tensors.append(Tensor(info: info, bytes: bytes))
    }

    /// Adds a tensor whose data is asked for by ``write(to:data:)``, so that a large model need not be in memory.
    ///
    /// Precondition: as for ``addTensor(_:type:shape:bytes:)``.
    public mutating func addTensor(_ name: String, type: TensorType, shape: [Int]) {
        let info = declare(name, type, shape)
        tensors.append(Tensor(info: info, bytes: nil))
    }

    /// The whole file in memory.
    ///
    /// Precondition: every tensor was added with its data.
    public func encoded() -> [UInt8] {
        var result = header()
        for tensor in tensors {
            guard let bytes = tensor.bytes else { preconditionFailure("tensor \(tensor.info.name) has no data") }
            result += bytes
            result.pad(to: alignment)
        }
        return result
    }

    /// Writes the file under a temporary name beside `path`, then puts it in place: readers see the old file or the
    /// whole new one. The data of tensors that were added without any comes from `data`, one tensor at a time.
    /// It is asked by name only, since offset and type may differ between the file that is read and the one written.
    ///
    /// Throws: ``GGUFError/cannotWrite(path:step:reason:)``, or what `data` throws. The target is then as it was.
    /// Precondition: `data` gives as many bytes as the tensor has.
    public func write(to path: String, data: ((_ name: String) throws -> [UInt8])? = nil) throws {
        try write(to: path) { tensor, append in
            guard let bytes = try data?(tensor.name) else {
                preconditionFailure("tensor \(tensor.name) has no data")
            }
            try append(bytes[...])
        }
    }

    /// As ``write(to:data:)``, for tensors too large to be in memory: `chunks` gets a tensor that was added without data
    /// and hands its bytes to `append`, a part at a time. The tensor's offset is not set.
    ///
    /// Throws: ``GGUFError/cannotWrite(path:step:reason:)``, or what `chunks` throws. The target is then as it was.
    /// Precondition: the parts together have as many bytes as the tensor.
    public func write(
        to path: String,
        chunks: (_ tensor: TensorInfo, _ append: (ArraySlice<UInt8>) throws -> Void) throws -> Void
    ) throws {
        let file = try ReplacementFile(path)
        do {
            try file.write(header()[...])
            for tensor in tensors {
                var count = 0
                func append(_ bytes: ArraySlice<UInt8>) throws {
                    count += bytes.count
                    try file.write(bytes)
                }
                if let bytes = tensor.bytes { try append(bytes[...]) } else { try chunks(tensor.info, append) }
                precondition(
                    count == tensor.info.byteCount,
                    "tensor \(tensor.info.name): \(count) bytes instead of \(tensor.info.byteCount)")
                let padding = (alignment - count % alignment) % alignment
                try file.write(ArraySlice(repeating: 0, count: padding))
            }
            try file.commit()
        } catch {
            file.discard()
            throw error
        }
    }

    /// Bytes of the whole file.
    public var byteCount: Int { header().count + dataByteCount }

    /// Whether the file at `path` has the header and the size that this writer gives it. Tensor data is not compared.
    public func hasWritten(_ path: String) -> Bool {
        let header = header()
        guard let file = try? FileBytes(mapping: path), file.count == header.count + dataByteCount else { return false }
        return file.withSpan { span in
            span.extracting(0..<header.count).withUnsafeBytes { $0.elementsEqual(header) }
        }
    }

    private mutating func declare(_ name: String, _ type: TensorType, _ shape: [Int]) -> TensorInfo {
        precondition(
            !name.isEmpty && name.utf8.count <= TensorInfo.maximumNameLength && !name.utf8.contains(0),
            "tensor name \(name)")
        precondition(names.insert(name).inserted, "tensor \(name) was added before")
        do {
            return try TensorInfo(name: name, type: type, shape: shape)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Bytes of all tensors with their padding.
    private var dataByteCount: Int {
        tensors.reduce(0) { $0 + ($1.info.byteCount + alignment - 1) / alignment * alignment }
    }

    /// Everything before the tensor data, padded if there is any.
    private func header() -> [UInt8] {
        var result = Array("GGUF".utf8)
        result.append(littleEndian: version)
        result.append(littleEndian: UInt64(tensors.count))
        result.append(littleEndian: UInt64(metadata.count))
        for entry in metadata.entries {
            result.append(counted: entry.key.utf8)
            result.append(entry.value)
        }
        var offset: UInt64 = 0
        for tensor in tensors {
            result.append(counted: tensor.info.name.utf8)
            result.append(littleEndian: UInt32(tensor.info.shape.count))
            for size in tensor.info.shape { result.append(littleEndian: UInt64(size)) }
            result.append(littleEndian: tensor.info.type.rawValue)
            result.append(littleEndian: offset)
            let alignment = UInt64(alignment)
            offset += (UInt64(tensor.info.byteCount) + alignment - 1) / alignment * alignment
        }
        if !tensors.isEmpty { result.pad(to: alignment) }
        return result
    }
}

extension [UInt8] {
    fileprivate mutating func pad(to alignment: Int) {
        let excess = count % alignment
        if excess > 0 { append(contentsOf: repeatElement(0, count: alignment - excess)) }
    }

    fileprivate mutating func append(counted text: some Collection<UInt8>) {
        append(littleEndian: UInt64(text.count))
        append(contentsOf: text)
    }

    fileprivate mutating func append(_ value: Metadata.Value) {
        append(littleEndian: value.type.rawValue)
        switch value {
        case .uint8(let number): append(littleEndian: number)
        case .int8(let number): append(littleEndian: number)
        case .uint16(let number): append(littleEndian: number)
        case .int16(let number): append(littleEndian: number)
        case .uint32(let number): append(littleEndian: number)
        case .int32(let number): append(littleEndian: number)
        case .uint64(let number): append(littleEndian: number)
        case .int64(let number): append(littleEndian: number)
        case .float32(let number): append(littleEndian: number.bitPattern)
        case .float64(let number): append(littleEndian: number.bitPattern)
        case .bool(let flag): append(flag ? 1 : 0)
        case .string(let string): append(counted: string.bytes)
        case .array(let array):
            append(littleEndian: array.elementType.rawValue)
            append(littleEndian: UInt64(array.count))
            append(contentsOf: array.encodedBytes)
        }
    }
}
