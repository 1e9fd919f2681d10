/// The projections of one call, cut into chunks of weight rows, and their memory; kept from call to call.
final class ProjectionWork: SharedWork {
    let kernels: Kernels
    private let workers: Int
    /// The input as int8 blocks, per activation format and order.
    let int8x32 = ActivationBlocks(.int8x32)
    let int8x256 = ActivationBlocks(.int8x256)
    private let paired256 = ActivationBlocks(.int8x256)
    /// Per worker: a dequantized panel.
    private(set) var panels: [Buffer<Float>] = []

    private(set) var input = Matrix(rows: 1, columns: 1)
    /// The input where it is there as blocks already.
    private var given: ActivationBlocks?
    /// Rows of the input.
    private(set) var rows = 0
    private var projections: [Projection] = []
    /// Whether the projections take the input as int8, per activation format and order: set by `reserve`.
    private var needsInt8x32 = false
    private var needsInt8x256 = false
    private var needsPaired256 = false
    /// Those by dot products as their chunks need them, nil for the others: set by `reserve`.
    private var dots: [DotProjection?] = []
    /// Chunks of the projections up to and including each.
    private var ends: [Int] = []

    init(kernels: Kernels, workers: Int) {
        self.kernels = kernels
        self.workers = workers
    }

    func begin(_ input: Matrix, rows: Int, blocks: ActivationBlocks? = nil) {
        self.input = input
        given = blocks
        self.rows = rows
    }

    func append(_ projection: Projection) {
        let weight = projection.weight
        precondition(
            weight.columns == input.columns, "\(weight.name) takes \(weight.columns) columns, not \(input.columns)")
        precondition(rows <= projection.output.rowCapacity, "\(rows) rows into \(projection.output.rowCapacity)")
        let chunkRows = chunkRows(projection)
        projections.append(projection)
        ends.append(chunks + (weight.rows + chunkRows - 1) / chunkRows)
    }

    /// Weight rows that a worker takes at a time.
    func chunkRows(_ projection: Projection) -> Int {
        let weight = projection.weight
        switch projection.path {
        case .quant:
            return Executor.dotChunkRows(
                weight.format, columns: weight.columns, rows: weight.rows, positions: rows, workers: workers,
                isTiled: kernels.tile(weight.format) != nil)
        case .blas: return min(Executor.panelRows, weight.rows)
        }
    }

    /// Forgets the call; the memory stays.
    func end() {
        given = nil
        projections.removeAll(keepingCapacity: true)
        dots.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    var chunks: Int { ends.last ?? 0 }
    var wantedThreads: Int { projections.reduce(1) { max($0, $1.threads) } }

    /// Takes the memory that the projections need.
    func reserve() {
        needsInt8x32 = projections.contains { $0.path == .quant && $0.weight.format.activation == .int8x32 }
        needsInt8x256 = needsBlocks256(isPaired: false)
        needsPaired256 = needsBlocks256(isPaired: true)
        if needsInt8x32 { int8x32.reserve(rows: rows, columns: input.columns) }
        if needsInt8x256 { int8x256.reserve(rows: rows, columns: input.columns) }
        if needsPaired256 { paired256.reserve(rows: rows, columns: input.columns, isPaired: true) }
        if panels.isEmpty, projections.contains(where: { $0.path == .blas }) {
            panels = (0..<workers).map { _ in Buffer(count: Executor.panelRows * Self.panelColumns) }
        }
        for projection in projections { dots.append(projection.path == .quant ? dotProjection(projection) : nil) }
    }

    /// Quantizes one row of the input as the projections need it; rows may be done at the same time.
    func quantizeInput(_ row: Int) {
        if needsInt8x32 { int8x32.quantize(input.row(row), columns: input.columns, row: row, kernels: kernels) }
        if needsInt8x256 { int8x256.quantize(input.row(row), columns: input.columns, row: row, kernels: kernels) }
        if needsPaired256 { paired256.quantize(input.row(row), columns: input.columns, row: row, kernels: kernels) }
    }

    /// The input as blocks of 256 in the order that a weight's kernel takes.
    func blocks256(for format: WeightFormat) -> ActivationBlocks {
        let isPaired = kernels.pairedTile(format, positions: rows) != nil
        if let given {
            precondition(given.isPaired == isPaired, "activations in another order than \(format) takes")
            return given
        }
        return isPaired ? paired256 : int8x256
    }

    /// Whether there is anything to do for `quantizeInput`.
    var needsQuantizing: Bool { needsInt8x32 || needsInt8x256 || needsPaired256 }

    private func needsBlocks256(isPaired: Bool) -> Bool {
        given == nil
            && projections.contains {
                $0.path == .quant && $0.weight.format.activation == .int8x256
                    && (kernels.pairedTile($0.weight.format, positions: rows) != nil) == isPaired
            }
    }

    override func run(chunk: Int, worker: Int) {
        var start = 0
        for index in 0..<ends.count {
            let end = ends[index]
            if chunk < end {
                if let dots = dots[index] {
                    dots.multiply(chunk: chunk - start)
                } else {
                    multiplyPanel(projections[index], chunk: chunk - start, worker: worker)
                }
                return
            }
            start = end
        }
    }
}
