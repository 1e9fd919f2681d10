/// What the header says about one tensor. All numbers were checked against each other; those of a file, also against
/// its size.
public struct TensorInfo: Hashable, Sendable {
    public let name: String
    public let type: TensorType
    /// Sizes in file order, fastest first: `shape[0]` is the length of a row. Empty for a single number.
    public let shape: [Int]
    /// Where the data begins in the file, in bytes from its start.
    public let offset: Int
    /// Bytes of the data, without padding.
    public let byteCount: Int
    public let elementCount: Int
    /// Elements in a row.
    public let columnCount: Int
    /// All rows, of all dimensions after the first.
    public let rowCount: Int
    public let bytesPerRow: Int

    /// Names have at most this many bytes, as in ggml.
    public static let maximumNameLength = 63
    public static let maximumDimensions = 4

    /// Works out the sizes that follow from type and shape.
    ///
    /// A dimension may be 0, but the product of the others must still be countable.
    /// Throws: ``GGUFError`` for more than four dimensions, a negative one, rows that are not whole blocks, or more
    /// bytes than an Int counts.
    public init(name: String, type: TensorType, shape: [Int], offset: Int = 0) throws(GGUFError) {
        guard shape.count <= Self.maximumDimensions else {
            throw .tooManyDimensions(tensor: name, count: UInt32(clamping: shape.count))
        }
        var rows = 1
        for (index, size) in shape.enumerated() {
            guard size >= 0 else {
                throw .dimensionTooLarge(tensor: name, index: index, value: UInt64(bitPattern: Int64(size)))
            }
            guard index > 0 else { continue }
            rows = try Self.product(rows, size, name, shape)
        }
        let columns = shape.first ?? 1
        guard columns.isMultiple(of: type.blockSize) else {
            throw .partialBlock(tensor: name, type: type, columns: columns)
        }
        elementCount = try Self.product(rows, columns, name, shape)
        bytesPerRow = try Self.product(columns / type.blockSize, type.bytesPerBlock, name, shape)
        byteCount = try Self.product(rows, bytesPerRow, name, shape)
        self.name = name
        self.type = type
        self.shape = shape
        self.offset = offset
        columnCount = columns
        rowCount = rows
    }

    /// The same tensor elsewhere.
    func moved(to offset: Int) -> TensorInfo { TensorInfo(copy: self, offset: offset) }

    private init(copy other: TensorInfo, offset: Int) {
        name = other.name
        type = other.type
        shape = other.shape
        self.offset = offset
        byteCount = other.byteCount
        elementCount = other.elementCount
        columnCount = other.columnCount
        rowCount = other.rowCount
        bytesPerRow = other.bytesPerRow
    }

    private static func product(
        _ a: Int, _ b: Int, _ name: String, _ shape: [Int]
    ) throws(GGUFError) -> Int {
        let (result, overflow) = a.multipliedReportingOverflow(by: b)
        guard !overflow else { throw .shapeTooLarge(tensor: name, shape: shape) }
        return result
    }
}
