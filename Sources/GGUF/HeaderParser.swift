/// Reads the header of a file: magic, counts, metadata and tensor descriptions.
///
/// All counts and lengths are compared with the bytes that remain before anything is allocated for them, so memory
/// and time are bounded by the size of the header, and that by ``GGUFFile/maximumHeaderSize``.
struct HeaderParser {
    private let source: FileBytes
    private(set) var version: UInt32 = 0
    private(set) var alignment = GGUFFile.defaultAlignment
    private(set) var metadata = Metadata()
    private(set) var tensors: [TensorInfo] = []
    private(set) var dataOffset = 0

    init(_ source: FileBytes) throws(GGUFError) {
        self.source = source
        try source.withSpan { (span) throws(GGUFError) in try parse(span) }
    }

    private mutating func parse(_ span: RawSpan) throws(GGUFError) {
        var reader = ByteReader(span, limit: GGUFFile.maximumHeaderSize)
        try readVersion(span, &reader)
        let tensorCount: UInt64 = try reader.integer(span, .header)
        let keyCount: UInt64 = try reader.integer(span, .header)
        try check(keyCount, smallest: 14, "metadata keys", reader)
        guard keyCount <= UInt64(GGUFFile.maximumKeyCount) else {
            throw .tooManyKeys(count: keyCount, limit: GGUFFile.maximumKeyCount)
        }
        try check(tensorCount, smallest: 25, "tensors", reader)
        guard tensorCount <= UInt64(GGUFFile.maximumTensorCount) else {
            throw .tooManyTensors(count: tensorCount, limit: GGUFFile.maximumTensorCount)
        }
        for index in 0..<keyCount { try readPair(span, &reader, index) }
        try readAlignment()
        try refuseSplit()
        var parts: [TensorLayout.Part] = []
        parts.reserveCapacity(Int(tensorCount))
        for index in 0..<tensorCount { parts.append(try readTensor(span, &reader, index)) }
        let layout = try TensorLayout(
            parts, headerEnd: reader.offset, alignment: alignment, fileSize: span.byteCount)
        tensors = layout.tensors
        dataOffset = layout.dataOffset
    }

    private mutating func readVersion(_ span: RawSpan, _ reader: inout ByteReader) throws(GGUFError) {
        let magic = span.copy(0..<min(4, span.byteCount))
        guard magic.elementsEqual("GGUF".utf8) else {
            if !magic.isEmpty, "GGUF".utf8.starts(with: magic) {
                throw .truncated(.header, offset: 0, needed: 4, remaining: magic.count)
            }
            throw .notGGUF(path: source.path, magic: magic)
        }
        reader.offset = 4
        version = try reader.integer(span, .header)
        if version != 0, version & 0xFFFF == 0 { throw .bigEndian(version: version.byteSwapped) }
        guard version == 2 || version == 3 else { throw .unsupportedVersion(version) }
    }

    /// A count of things of at least `smallest` bytes each must fit what follows.
    private func check(
        _ count: UInt64, smallest: Int, _ what: String, _ reader: ByteReader
    ) throws(GGUFError) {
        guard count <= UInt64(reader.remaining / smallest) else {
            throw .tooManyForFile(what: what, count: count, remaining: reader.remaining)
        }
    }

    private mutating func readPair(
        _ span: RawSpan, _ reader: inout ByteReader, _ index: UInt64
    ) throws(GGUFError) {
        let start = reader.offset
        let length: UInt64 = try reader.integer(span, .key(index: index))
        guard length <= UInt64(GGUFFile.maximumKeyLength) else {
            let problem = GGUFError.NameProblem.tooLong(bytes: length, limit: GGUFFile.maximumKeyLength)
            throw .badKey(index: index, offset: start, problem: problem)
        }
        let bytes = span.copy(try reader.skip(length, .key(index: index)))
        let key: String
        switch checkedName(bytes) {
        case .success(let name): key = name
        case .failure(let problem): throw .badKey(index: index, offset: start, problem: problem)
        }
        let value = try readValue(span, &reader, key)
        guard metadata.append(key, value) else { throw .duplicateKey(key) }
    }

    private mutating func readAlignment() throws(GGUFError) {
        guard let value = try metadata.uint32(GGUFFile.alignmentKey) else { return }
        guard value > 0, value & (value - 1) == 0, value <= UInt32(GGUFFile.maximumAlignment) else {
            throw .badAlignment(value)
        }
        alignment = Int(value)
    }

    private func refuseSplit() throws(GGUFError) {
        guard let count = try metadata.integer("split.count"), count > 1 else { return }
        throw .splitFile(count: count)
    }
}

extension HeaderParser {
    private func readValue(
        _ span: RawSpan, _ reader: inout ByteReader, _ key: String
    ) throws(GGUFError) -> Metadata.Value {
        let typeOffset = reader.offset
        let id: UInt32 = try reader.integer(span, .valueType(key: key))
        guard let type = ValueType(rawValue: id) else {
            throw .unknownValueType(key: key, id: id, offset: typeOffset)
        }
        switch type {
        case .uint8: return .uint8(try reader.integer(span, .value(key: key)))
        case .int8: return .int8(try reader.integer(span, .value(key: key)))
        case .uint16: return .uint16(try reader.integer(span, .value(key: key)))
        case .int16: return .int16(try reader.integer(span, .value(key: key)))
        case .uint32: return .uint32(try reader.integer(span, .value(key: key)))
        case .int32: return .int32(try reader.integer(span, .value(key: key)))
        case .uint64: return .uint64(try reader.integer(span, .value(key: key)))
        case .int64: return .int64(try reader.integer(span, .value(key: key)))
        case .float32: return .float32(Float(bitPattern: try reader.integer(span, .value(key: key))))
        case .float64: return .float64(Double(bitPattern: try reader.integer(span, .value(key: key))))
        case .bool:
            let byte: UInt8 = try reader.integer(span, .value(key: key))
            guard byte <= 1 else { throw .badBool(key: key, value: byte, offset: reader.offset - 1) }
            return .bool(byte == 1)
        case .string: return .string(ByteString(span.copy(try reader.stringRange(span, .value(key: key)))))
        case .array: return .array(try readArray(span, &reader, key))
        }
    }

    /// Passes over an array, proving that its elements lie within the header and that bools are bools.
    private func readArray(
        _ span: RawSpan, _ reader: inout ByteReader, _ key: String
    ) throws(GGUFError) -> ArrayValue {
        let typeOffset = reader.offset
        let id: UInt32 = try reader.integer(span, .valueType(key: key))
        guard let type = ValueType(rawValue: id) else {
            throw .unknownElementType(key: key, id: id, offset: typeOffset)
        }
        guard type != .array else { throw .nestedArray(key: key, offset: typeOffset) }
        let rawCount: UInt64 = try reader.integer(span, .value(key: key))
        // A string has at least its length, 8 bytes.
        let (needed, overflow) = rawCount.multipliedReportingOverflow(by: UInt64(type.byteCount ?? 8))
        let size = try reader.require(overflow ? .max : needed, .value(key: key))
        let count = size / (type.byteCount ?? 8)
        let start = reader.offset
        if type == .string {
            for _ in 0..<count { _ = try reader.stringRange(span, .value(key: key)) }
        } else {
            reader.offset += size
        }
        let range = start..<reader.offset
        if type == .bool {
            for offset in range {
                let byte = span.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
                guard byte <= 1 else { throw .badBool(key: key, value: byte, offset: offset) }
            }
        }
        return ArrayValue(elementType: type, count: count, byteRange: range, source: source)
    }

    private func readTensor(
        _ span: RawSpan, _ reader: inout ByteReader, _ index: UInt64
    ) throws(GGUFError) -> TensorLayout.Part {
        let start = reader.offset
        let length: UInt64 = try reader.integer(span, .tensorName(index: index))
        guard length <= UInt64(TensorInfo.maximumNameLength) else {
            let problem = GGUFError.NameProblem.tooLong(bytes: length, limit: TensorInfo.maximumNameLength)
            throw .badTensorName(index: index, offset: start, problem: problem)
        }
        let bytes = span.copy(try reader.skip(length, .tensorName(index: index)))
        let name: String
        switch checkedName(bytes) {
        case .success(let text): name = text
        case .failure(let problem): throw .badTensorName(index: index, offset: start, problem: problem)
        }
        let place = GGUFError.Place.tensorInfo(name: name)
        let dimensions: UInt32 = try reader.integer(span, place)
        guard dimensions <= UInt32(TensorInfo.maximumDimensions) else {
            throw .tooManyDimensions(tensor: name, count: dimensions)
        }
        var shape: [Int] = []
        for dimension in 0..<Int(dimensions) {
            let raw: UInt64 = try reader.integer(span, place)
            guard let size = Int(exactly: raw) else {
                throw .dimensionTooLarge(tensor: name, index: dimension, value: raw)
            }
            shape.append(size)
        }
        let id: UInt32 = try reader.integer(span, place)
        guard let type = TensorType(rawValue: id) else {
            guard let removed = TensorType.removedName(rawValue: id) else {
                throw .unknownTensorType(tensor: name, id: id)
            }
            throw .removedTensorType(tensor: name, id: id, name: removed)
        }
        let offset: UInt64 = try reader.integer(span, place)
        return TensorLayout.Part(info: try TensorInfo(name: name, type: type, shape: shape), offset: offset)
    }

    private enum NameResult {
        case success(String)
        case failure(GGUFError.NameProblem)
    }

    private func checkedName(_ bytes: [UInt8]) -> NameResult {
        guard !bytes.isEmpty else { return .failure(.empty) }
        guard !bytes.contains(0) else { return .failure(.containsNUL) }
        guard let name = String(validating: bytes, as: UTF8.self) else { return .failure(.notUTF8) }
        return .success(name)
    }
}
