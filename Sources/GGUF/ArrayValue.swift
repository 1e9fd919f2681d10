/// An array in the metadata of a file: its element type, its count and where its bytes are.
///
/// The elements are read when they are asked for. Parsing has proven that they lie within the file; the bytes are
/// checked again when read, because a mapped file can be written to by others.
public struct ArrayValue: Sendable {
    public let elementType: ValueType
    public let count: Int
    /// Where the elements are in ``source``.
    public let byteRange: Range<Int>
    let source: FileBytes

    init(elementType: ValueType, count: Int, byteRange: Range<Int>, source: FileBytes) {
        self.elementType = elementType
        self.count = count
        self.byteRange = byteRange
        self.source = source
    }

    /// The bytes as they stand in the file, after the type and count.
    public var encodedBytes: [UInt8] { source.withSpan { $0.copy(byteRange) } }

    /// `array of f32`, for messages.
    public var typeName: String { "array of \(elementType)" }
}

extension ArrayValue {
    public init(_ values: [UInt8]) { self.init(numbers: values, type: .uint8) }
    public init(_ values: [Int8]) { self.init(numbers: values, type: .int8) }
    public init(_ values: [UInt16]) { self.init(numbers: values, type: .uint16) }
    public init(_ values: [Int16]) { self.init(numbers: values, type: .int16) }
    public init(_ values: [UInt32]) { self.init(numbers: values, type: .uint32) }
    public init(_ values: [Int32]) { self.init(numbers: values, type: .int32) }
    public init(_ values: [UInt64]) { self.init(numbers: values, type: .uint64) }
    public init(_ values: [Int64]) { self.init(numbers: values, type: .int64) }
    public init(_ values: [Float]) { self.init(numbers: values.map(\.bitPattern), type: .float32) }
    public init(_ values: [Double]) { self.init(numbers: values.map(\.bitPattern), type: .float64) }
    public init(_ values: [Bool]) { self.init(numbers: values.map { UInt8($0 ? 1 : 0) }, type: .bool) }
    public init(_ values: [String]) { self.init(StringArray(values)) }

    public init(_ values: StringArray) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.bytes.count + 8 * values.count)
        for index in values.indices {
            bytes.append(littleEndian: UInt64(values[index].count))
            bytes += values[index]
        }
        self.init(elementType: .string, count: values.count, bytes: bytes)
    }

    private init(numbers: [some FixedWidthInteger], type: ValueType) {
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(littleEndian: number) }
        self.init(elementType: type, count: numbers.count, bytes: bytes)
    }

    private init(elementType: ValueType, count: Int, bytes: [UInt8]) {
        self.init(
            elementType: elementType, count: count, byteRange: 0..<bytes.count, source: FileBytes(copying: bytes))
    }
}

extension ArrayValue: Equatable {
    /// Whether both have the same element type, count and bytes (so a NaN equals itself).
    public static func == (a: ArrayValue, b: ArrayValue) -> Bool {
        a.elementType == b.elementType && a.count == b.count && a.encodedBytes == b.encodedBytes
    }
}

extension ArrayValue {
    /// The elements as integers of their own width.
    func integers<T: FixedWidthInteger & BitwiseCopyable>(as type: T.Type) -> [T] {
        // `count * size` is the length of `byteRange`, so the loads stay inside whatever the file says now.
        source.withSpan { span in
            let elements = span.extracting(byteRange)
            var values: [T] = []
            values.reserveCapacity(count)
            var offset = 0
            for _ in 0..<count {
                values.append(T(littleEndian: elements.unsafeLoadUnaligned(fromByteOffset: offset, as: T.self)))
                offset += MemoryLayout<T>.size
            }
            return values
        }
    }

    /// The elements as texts; nil if the bytes are no longer those that were parsed.
    func strings() -> StringArray? {
        source.withSpan { span in
            let elements = span.extracting(byteRange)
            let end = elements.byteCount
            let (prefixes, overflow) = count.multipliedReportingOverflow(by: 8)
            guard !overflow, prefixes <= end else { return nil }
            let total = end - prefixes
            var bytes: [UInt8] = []
            var offsets: [Int] = []
            bytes.reserveCapacity(total)
            offsets.reserveCapacity(count + 1)
            offsets.append(0)
            var offset = 0
            for _ in 0..<count {
                guard end - offset >= 8 else { return nil }
                let raw = UInt64(littleEndian: elements.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
                guard let length = Int(exactly: raw), length <= end - offset else { return nil }
                elements.extracting(offset..<offset + length).withUnsafeBytes { bytes.append(contentsOf: $0) }
                offset += length
                offsets.append(bytes.count)
            }
            return bytes.count == total ? StringArray(bytes: bytes, offsets: offsets) : nil
        }
    }
}
