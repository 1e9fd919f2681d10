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
        finish(rows: n)
    }

    /// The same for up to three projections: takes no memory.
    public func project(
        _ input: Matrix, rows n: Int, _ first: Projection, _ second: Projection? = nil, _ third: Projection? = nil
    ) {
        begin(input, rows: n)
        projections.append(first)
        if let second { projections.append(second) }
        if let third { projections.append(third) }
        finish(rows: n)
    }

    /// One projection of an input whose rows are completed, by `prepare`, just before they are read.
    func project(_ input: Matrix, rows n: Int, _ projection: Projection, prepare: (_ row: Int) -> Void) {
        begin(input, rows: n)
        projections.append(projection)
        finish(rows: n, isComplete: false, prepare: prepare)
    }

    /// One projection of an input that is there as blocks of int8 only.
    ///
    /// - Parameter shape: a matrix of the input's shape, which is not read.
    func project(_ blocks: ActivationBlocks, as shape: Matrix, rows n: Int, _ projection: Projection) {
        begin(shape, rows: n, blocks: blocks)
        projections.append(projection)
        finish(rows: n)
    }

    /// Makes the input int8 as two projections of it need it, for whoever computes them.
    func quantize(_ input: Matrix, rows n: Int, for first: Projection, _ second: Projection) {
        begin(input, rows: n)
        defer { projections.end() }
        projections.append(first)
        projections.append(second)
        projections.reserve()
        forEach(n, numbers: n * input.columns, threads: projections.wantedThreads) { projections.quantizeInput($0) }
    }

    private func begin(_ input: Matrix, rows n: Int, blocks: ActivationBlocks? = nil) {
        precondition(n >= 0 && n <= input.rowCapacity, "\(n) of \(input.rowCapacity) rows")
        projections.begin(input, rows: n, blocks: blocks)
    }

    /// - Parameter prepare: completes a row of the input before it is read, unless the input `isComplete`.
    private func finish(rows n: Int, isComplete: Bool = true, prepare: (_ row: Int) -> Void = { _ in }) {
        defer { projections.end() }
        guard n > 0 else { return }
        projections.reserve()
        if !isComplete || projections.needsQuantizing {
            forEach(n, numbers: n * projections.input.columns, threads: projections.wantedThreads) { row in
                prepare(row)
                projections.quantizeInput(row)
            }
        }
        team.run(projections, chunks: projections.chunks, threads: min(threads, projections.wantedThreads))
    }
}
