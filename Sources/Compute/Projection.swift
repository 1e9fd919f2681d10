internal import CKernels

/// One weight, the matrix that its product goes to, and the way to compute it.
///
/// Shape: output [n, weight.rows] = input [n, weight.columns] x transposed weight.
public struct Projection {
    public let weight: Weight
    public let output: Matrix
    public let path: MatmulPath
    /// The most threads worth using; a region takes what its most demanding projection wants, within the executor's.
    public let threads: Int

    public init(_ weight: Weight, to output: Matrix, path: MatmulPath, threads: Int = .max) {
        precondition(
            output.columns == weight.rows, "\(weight.name): \(weight.rows) rows into \(output.columns) columns")
        self.weight = weight
        self.output = output
        self.path = path
        self.threads = threads
    }
}

extension Executor {
    /// Computes projections that share the first `n` rows of one input, in one parallel region.
    public func project(_ input: Matrix, rows n: Int, _ list: [Projection]) {
        begin(input, rows: n)
        for projection in list { projections.append(projection) }
        finish(rows: n) { _ in }
    }

    /// The same for up to three projections: takes no memory.
    public func project(
        _ input: Matrix, rows n: Int, _ first: Projection, _ second: Projection? = nil, _ third: Projection? = nil
    ) {
        begin(input, rows: n)
        projections.append(first)
        if let second { projections.append(second) }
        if let third { projections.append(third) }
        finish(rows: n) { _ in }
    }

    /// The gated feed-forward step: gate = gelu(gate) * up, then one projection of it. Each row is quantized while it is
    /// still in the cache.
    public func project(gate: Matrix, up: Matrix, rows n: Int, _ projection: Projection) {
        guard n > 1 else {
            geGLU(gate: gate, up: up, rows: n)
            project(gate, rows: n, projection)
            return
        }
        precondition(gate.columns == up.columns, "geGLU: columns differ")
        precondition(n <= up.rowCapacity, "geGLU of \(n) rows")
        begin(gate, rows: n)
        projections.append(projection)
        let geglu = kernels.table.pointee.geglu
        finish(rows: n) { row in geglu(gate.row(row), up.row(row), gate.columns, gate.row(row)) }
    }

    private func begin(_ input: Matrix, rows n: Int) {
        precondition(n >= 0 && n <= input.rowCapacity, "\(n) of \(input.rowCapacity) rows")
        projections.begin(input, rows: n)
    }

    /// - Parameter prepare: completes a row of the input before it is read.
    private func finish(rows n: Int, prepare: (_ row: Int) -> Void) {
        defer { projections.end() }
        guard n > 0 else { return }
        projections.reserve()
        forEach(n) { row in
            prepare(row)
            projections.quantizeInput(row)
        }
        team.run(projections, chunks: projections.chunks, threads: min(threads, projections.wantedThreads))
    }
}
