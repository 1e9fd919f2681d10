internal import CKernels

extension Executor {
    /// output = x / sqrt(mean(x^2) + epsilon) * weight, row by row.
    public func rmsNorm(_ x: Matrix, weight: Vector, epsilon: Float, rows: Int, into output: Matrix) {
        precondition(weight.count == x.columns && output.columns == x.columns, "rmsNorm: columns differ")
        precondition(rows <= x.rowCapacity && rows <= output.rowCapacity, "rmsNorm of \(rows) rows")
        let norm = kernels.table.pointee.rms_norm
        forEach(rows, numbers: rows * x.columns) { row in
            norm(x.row(row), weight.base, epsilon, x.columns, output.row(row))
        }
    }

    /// x += y, row by row.
    public func add(_ y: Matrix, to x: Matrix, rows: Int) {
        precondition(x.columns == y.columns, "add: columns differ")
        precondition(rows <= x.rowCapacity && rows <= y.rowCapacity, "add of \(rows) rows")
        let add = kernels.table.pointee.add
        forEach(rows, numbers: rows * x.columns) { row in add(y.row(row), x.columns, x.row(row)) }
    }

    /// output row i = row `indices[i]` of the table, times `scale`: the embedding of tokens.
    public func lookUp(_ indices: [Int32], in table: Weight, scale: Float, into output: Matrix) {
        precondition(output.columns == table.columns, "lookUp: columns differ")
        precondition(indices.count <= output.rowCapacity, "lookUp of \(indices.count) rows")
        let dequantize = kernels.dequantize(table.format)
        forEach(indices.count, numbers: indices.count * table.columns) { position in
            let index = Int(indices[position])
            precondition(index >= 0 && index < table.rows, "row \(index) of \(table.rows) in \(table.name)")
            let row = output.row(position)
            dequantize(table.row(index), table.columns, row)
            for column in 0..<output.columns { row[column] *= scale }
        }
    }

    /// output row target + i = row rows.lowerBound + i of x.
    public func copyRows(_ rows: Range<Int>, of x: Matrix, into output: Matrix, at target: Int = 0) {
        precondition(x.columns == output.columns && target + rows.count <= output.rowCapacity, "copyRows: shape")
        precondition(rows.lowerBound >= 0 && rows.upperBound <= x.rowCapacity, "copyRows: rows \(rows)")
        output.row(target).update(from: x.row(rows.lowerBound), count: rows.count * x.columns)
    }
}
