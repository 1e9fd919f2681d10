/// A row-major matrix of Float with room for a fixed number of rows, 64-byte aligned.
///
/// Shape: [rows, columns]; row r belongs to position r of the ubatch.
public final class Matrix {
    public let rowCapacity: Int
    public let columns: Int
    private let buffer: Buffer<Float>
    var base: UnsafeMutablePointer<Float> { buffer.base }

    /// Zeros.
    public init(rows: Int, columns: Int) {
        precondition(rows > 0 && columns > 0, "a matrix of \(rows) x \(columns) has no elements")
        rowCapacity = rows
        self.columns = columns
        buffer = Buffer(count: rows * columns)
    }

    func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * columns }

    /// A copy of row `index`.
    public subscript(row index: Int) -> [Float] {
        get {
            withRow(index) { row in
                Array(unsafeUninitializedCapacity: row.count) { target, count in
                    for i in row.indices { target.initializeElement(at: i, to: row[i]) }
                    count = row.count
                }
            }
        }
        set {
            precondition(newValue.count == columns, "\(newValue.count) values for a row of \(columns)")
            checkRow(index)
            for (column, value) in newValue.enumerated() { row(index)[column] = value }
        }
    }

    /// Reads row `index` in place.
    public func withRow<R, E: Error>(_ index: Int, _ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
        checkRow(index)
        return try body(UnsafeBufferPointer(start: row(index), count: columns).span)
    }

    private func checkRow(_ index: Int) {
        precondition(index >= 0 && index < rowCapacity, "row \(index) of \(rowCapacity)")
    }
}
