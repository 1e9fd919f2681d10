/// The sum of squares of each column over all rows that were added.
package final class ColumnSquares {
    package let columns: Int
    /// Rows added since the sums were moved.
    package fileprivate(set) var rows = 0
    fileprivate let sums: Buffer<Double>

    package init(columns: Int) {
        precondition(columns > 0, "sums of \(columns) columns")
        self.columns = columns
        sums = Buffer(count: columns)
    }

    /// Adds the sums to `totals`, and begins again with none.
    package func move(to totals: inout [Double]) {
        precondition(totals.count == columns, "\(totals.count) totals of \(columns) columns")
        for column in 0..<columns {
            totals[column] += sums.base[column]
            sums.base[column] = 0
        }
        rows = 0
    }
}

extension Executor {
    /// Adds the squares of the first `rows` rows of `x`, each column in the order of its rows: the same sums on any number
    /// of threads.
    package func addSquares(of x: Matrix, rows: Int, to target: ColumnSquares) {
        precondition(x.columns == target.columns && rows <= x.rowCapacity, "addSquares of \(rows) rows")
        // columns of one worker: their sums stay in the first-level cache while the rows go by
        let width = 512
        let sums = target.sums.base
        forEach((x.columns + width - 1) / width) { chunk in
            let first = chunk * width
            let count = min(width, x.columns - first)
            let part = sums + first
            for row in 0..<rows {
                let values = x.row(row) + first
                for column in 0..<count {
                    let value = Double(values[column])
                    part[column] += value * value
                }
            }
        }
        target.rows += rows
    }
}
