internal import CKernels

extension Executor {
    /// The gated feed-forward step: down's output = down(gelu(gate(input)) * up(input)).
    ///
    /// Where tiles compute all three, what gate and up give is made int8 while it is in the caches and never lies in
    /// memory as a whole: it would be the most that prefill writes and reads. The bits are the same.
    ///
    /// - Parameter keepsGated: whether gelu(gate) * up is wanted in gate's output.
    public func feedForward(
        _ input: Matrix, rows n: Int, gate: Projection, up: Projection, down: Projection, keepsGated: Bool = false
    ) {
        guard !keepsGated, fuses(rows: n, gate: gate, up: up, down: down) else {
            project(input, rows: n, gate, up)
            project(gate: gate.output, up: up.output, rows: n, down)
            return
        }
        quantize(input, rows: n, for: gate, up)
        let threads = min(threads, max(gate.threads, up.threads))
        hiddenLayer.begin(
            gate: tiledWeight(gate.weight, rows: n), up: tiledWeight(up.weight, rows: n), rows: n,
            isPaired: kernels.pairedTile(down.weight.format, positions: n) != nil, threads: threads, kernels: kernels)
        team.run(hiddenLayer, chunks: hiddenLayer.chunks, threads: threads)
        hiddenLayer.end()
        project(hiddenLayer.gated, as: gate.output, rows: n, down)
    }

    /// Takes no memory: decode asks too.
    private func fuses(rows n: Int, gate: Projection, up: Projection, down: Projection) -> Bool {
        precondition(
            gate.weight.rows == up.weight.rows && gate.weight.rows == down.weight.columns,
            "feedForward: \(gate.weight.rows) and \(up.weight.rows) rows for \(down.weight.columns) columns")
        guard isTiled(gate), isTiled(up), isTiled(down) else { return false }
        let threads = min(threads, max(gate.threads, up.threads))
        return FeedForwardWork.chunkPositions(rows: n, hidden: gate.weight.rows, threads: threads) != nil
    }

    /// A weight with the activations that `quantize` has left for it.
    private func tiledWeight(_ weight: Weight, rows n: Int) -> FeedForwardWork.TiledWeight {
        guard let tile = kernels.tile(weight.format, positions: n) else {
            preconditionFailure("\(weight.name): no tile kernel for \(weight.format)")
        }
        return .init(weight: weight, input: projections.blocks256(for: weight.format), tile: tile)
    }

    private func isTiled(_ projection: Projection) -> Bool {
        projection.path == .quant && projection.weight.format.activation == .int8x256
            && kernels.tile(projection.weight.format) != nil
    }

    /// gate = gelu(gate) * up, then one projection of it. Each row is quantized while it is still in the cache.
    private func project(gate: Matrix, up: Matrix, rows n: Int, _ projection: Projection) {
        guard n > 1 else {
            geGLU(gate: gate, up: up, rows: n)
            project(gate, rows: n, projection)
            return
        }
        precondition(gate.columns == up.columns, "geGLU: columns differ")
        precondition(n <= up.rowCapacity, "geGLU of \(n) rows")
        let geglu = kernels.table.pointee.geglu
        project(gate, rows: n, projection) { row in geglu(gate.row(row), up.row(row), gate.columns, gate.row(row)) }
    }
}

/// gelu(gate(input)) * up(input) as int8 blocks. A chunk is one block of some positions: 256 rows of both weights.
final class FeedForwardWork: SharedWork {
    /// The result. Shape: [rows, gate.rows / 256] blocks.
    let gated = ActivationBlocks(.int8x256)

    private static let blockRows = 256
    /// Weight rows that a tile kernel sweeps together.
    private static let sweepRows = 64
    /// Positions of a chunk: as many as a tile kernel unpacks a weight for, and as few as repay that.
    private static let mostPositions = 512, leastPositions = 128
    /// Fewer rows write too little for it to matter where.
    private static let leastRows = 64

    /// Positions of a chunk, or nil where chunks would be too few to share out evenly.
    static func chunkPositions(rows: Int, hidden: Int, threads: Int) -> Int? {
        let blocks = hidden / blockRows
        guard rows >= leastRows, blocks > 0 else { return nil }
        // several chunks for each thread, but for that no more unpacking than repays
        let wanted = min((4 * threads + blocks - 1) / blocks, rows / leastPositions)
        let parts = max(1, wanted, (rows + mostPositions - 1) / mostPositions)
        let positions = min(mostPositions, ((rows + parts - 1) / parts + 7) / 8 * 8)
        let chunks = blocks * ((rows + positions - 1) / positions)
        let isEven = chunks >= 8 * threads || (chunks >= 4 * threads && chunks % threads == 0)
        return isEven || threads == 1 ? positions : nil
    }

    struct TiledWeight {
        let weight: Weight
        let input: ActivationBlocks
        let tile: carat_tile_fn

        /// output[position][0 ..< rows] = the weight's rows from `row` on . the position's activations.
        func multiply(
            row: Int, rows: Int, first: Int, positions: Int, to output: UnsafeMutablePointer<Float>, stride: Int
        ) {
            let activations = UnsafeRawPointer(input.base + first * input.bytesPerRow)
            tile(
                weight.row(row), weight.bytesPerRow, rows, weight.columns,
                activations.assumingMemoryBound(to: carat_act256.self), positions, output, stride)
        }
    }

    private struct Call {
        let gate: TiledWeight
        let up: TiledWeight
        let kernels: Kernels
        let rows: Int
        /// Positions of a chunk.
        let positions: Int
        var parts: Int { (rows + positions - 1) / positions }
    }

    private var call: Call?
    /// Per worker: 256 numbers of gate for each position of a chunk, then 64 of up.
    private var scratch: [Buffer<Float>] = []

    /// - Parameter isPaired: the order of the result.
    func begin(gate: TiledWeight, up: TiledWeight, rows: Int, isPaired: Bool, threads: Int, kernels: Kernels) {
        let hidden = gate.weight.rows
        let positions = Self.chunkPositions(rows: rows, hidden: hidden, threads: threads) ?? Self.mostPositions
        call = Call(gate: gate, up: up, kernels: kernels, rows: rows, positions: positions)
        gated.reserve(rows: rows, columns: hidden, isPaired: isPaired)
        let count = Self.mostPositions * (Self.blockRows + Self.sweepRows)
        while scratch.count < threads { scratch.append(Buffer(count: count)) }
    }

    func end() { call = nil }

    var chunks: Int {
        guard let call else { return 0 }
        return call.gate.weight.rows / Self.blockRows * call.parts
    }

    override func run(chunk: Int, worker: Int) {
        guard let call else { return }
        let block = chunk / call.parts
        let first = chunk % call.parts * call.positions
        let count = min(call.positions, call.rows - first)
        let geglu = call.kernels.table.pointee.geglu
        let gate = scratch[worker].base
        let up = gate + Self.mostPositions * Self.blockRows
        for row in stride(from: 0, to: Self.blockRows, by: Self.sweepRows) {
            let weightRow = block * Self.blockRows + row
            call.gate.multiply(
                row: weightRow, rows: Self.sweepRows, first: first, positions: count, to: gate + row,
                stride: Self.blockRows)
            call.up.multiply(
                row: weightRow, rows: Self.sweepRows, first: first, positions: count, to: up, stride: Self.sweepRows)
            for position in 0..<count {
                let target = gate + position * Self.blockRows + row
                geglu(target, up + position * Self.sweepRows, Self.sweepRows, target)
            }
        }
        for position in 0..<count {
            let target = UnsafeMutableRawPointer(gated.base + (first + position) * gated.bytesPerRow)
                .assumingMemoryBound(to: carat_act256.self)
            gated.quantize256(
                gate + position * Self.blockRows, count: Self.blockRows, to: target + block, kernels: call.kernels)
        }
    }
}
