internal import CKernels
public import GGUF

/// A weight matrix, in place in the model file.
///
/// Shape: [rows, columns]; a row holds the weights of one output.
public struct Weight: Sendable {
    public let name: String
    public let format: WeightFormat
    public let rows: Int
    public let columns: Int
    public let bytesPerRow: Int

    private let bytes: FileBytes  // keeps the memory behind `base` mapped
    nonisolated(unsafe) let base: UnsafeRawPointer

    /// Throws: `ComputeError.unsupportedFormat` or `.shape` when the tensor cannot be a weight matrix.
    public init(_ tensor: TensorInfo, in file: GGUFFile) throws(ComputeError) {
        guard let format = WeightFormat(tensor.type) else {
            throw .unsupportedFormat(tensor: tensor.name, type: tensor.type.name)
        }
        guard tensor.shape.count <= 2, tensor.columnCount > 0, tensor.rowCount > 0 else {
            throw .shape(tensor: tensor.name, found: tensor.shape)
        }
        name = tensor.name
        self.format = format
        rows = tensor.rowCount
        columns = tensor.columnCount
        bytesPerRow = tensor.bytesPerRow
        bytes = file.bytes
        base = bytes.pointer(at: tensor.offset, count: tensor.byteCount)
    }

    /// Rows of a matrix whose blocks lie one after another in memory, at `offset`.
    ///
    /// Precondition: the rows lie within `bytes`, and `columns` is a whole number of blocks.
    package init(
        name: String, _ format: WeightFormat, rows: Int, columns: Int, in bytes: FileBytes, offset: Int = 0
    ) {
        precondition(rows > 0 && columns > 0 && columns % format.blockSize == 0, "\(name): \(rows) x \(columns)")
        self.name = name
        self.format = format
        self.rows = rows
        self.columns = columns
        bytesPerRow = format.bytesPerRow(columns: columns)
        self.bytes = bytes
        base = bytes.pointer(at: offset, count: rows * bytesPerRow)
    }

    private init(_ whole: Weight, rows range: Range<Int>) {
        name = whole.name
        format = whole.format
        rows = range.count
        columns = whole.columns
        bytesPerRow = whole.bytesPerRow
        bytes = whole.bytes
        base = whole.row(range.lowerBound)
    }

    /// Some of the rows, in place.
    package func slice(_ range: Range<Int>) -> Weight {
        precondition(
            !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows) in \(name)")
        return Weight(self, rows: range)
    }

    /// Bytes of all rows in the file.
    public var byteCount: Int { rows * bytesPerRow }

    func row(_ index: Int) -> UnsafeRawPointer { base + index * bytesPerRow }

    /// The weights of one row as Float.
    public func dequantizedRow(_ index: Int, kernels: Kernels = .best) -> [Float] {
        precondition(index >= 0 && index < rows, "row \(index) of \(rows) in \(name)")
        return Array(unsafeUninitializedCapacity: columns) { target, count in
            if let base = target.baseAddress { kernels.dequantize(format)(row(index), columns, base) }
            count = columns
        }
    }
}
