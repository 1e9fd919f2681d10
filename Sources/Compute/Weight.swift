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
