public import Compute
public import Planner

/// The forward pass of Gemma 1: reads top to bottom.
///
/// Prefill and decode are the same pass with another number of positions. `n` positions, of one sequence or several, go
/// through all layers at once; the plan says for each projection how it is computed. Intermediates are named as in the paper and can
/// be read by a probe. Source: Gemma Team 2024, arXiv:2403.08295.
///
/// Belongs to the thread that calls it.
public final class Gemma {
    public let model: GemmaModel
    public let plan: Plan
    public let executor: Executor
    /// Most positions in one forward call.
    public let ubatch: Int
    /// Called after each step with the step's result; for tests, debugging and study.
    public var probe: Probe?
    /// Asked before each layer, with its number, whether to go on; false ends the forward call with
    /// `CancellationError`, the cache as it was before.
    public var goesOn: ((_ layer: Int) -> Bool)?

    private let x: Matrix  // [ubatch, d], the residual stream
    private let normed: Matrix  // [ubatch, d]
    private let q: Matrix  // [ubatch, heads * headDim]
    private let k: Matrix  // [ubatch, kvHeads * headDim]
    private let v: Matrix  // [ubatch, kvHeads * headDim]
    private let mixed: Matrix  // [ubatch, heads * headDim], values weighted by attention
    private let delta: Matrix  // [ubatch, d], what a sub-layer adds to the residual stream
    private let gate: Matrix  // [ubatch, ff]
    private let up: Matrix  // [ubatch, ff]
    private let angles: Matrix  // [ubatch, headDim], cosines and sines
    private let selected: Matrix  // [logitRows, d]
    private let logits: Matrix  // [logitRows, vocabulary]
    private let rope: RoPE
    private let batch = Batch()
    private var planned: Int?
    private var oneSpan: [KVCache.Span] = []  // its memory is kept from call to call

    /// Most positions whose logits are computed in one call: 256,000 Floats each.
    public static let logitRows = 32

    public init(_ model: GemmaModel, plan: Plan, executor: Executor, ubatch: Int = 512) {
        let c = model.config
        self.model = model
        self.plan = plan
        self.executor = executor
        self.ubatch = ubatch
        x = Matrix(rows: ubatch, columns: c.width)
        normed = Matrix(rows: ubatch, columns: c.width)
        q = Matrix(rows: ubatch, columns: c.heads * c.headDim)
        k = Matrix(rows: ubatch, columns: c.kvHeads * c.headDim)
        v = Matrix(rows: ubatch, columns: c.kvHeads * c.headDim)
        mixed = Matrix(rows: ubatch, columns: c.heads * c.headDim)
        delta = Matrix(rows: ubatch, columns: c.width)
        gate = Matrix(rows: ubatch, columns: c.feedForwardWidth)
        up = Matrix(rows: ubatch, columns: c.feedForwardWidth)
        angles = Matrix(rows: ubatch, columns: c.headDim)
        selected = Matrix(rows: Self.logitRows, columns: c.width)
        logits = Matrix(rows: Self.logitRows, columns: model.weights.output.rows)
        rope = RoPE(headDim: c.headDim, base: c.ropeBase)
    }

    /// Bytes of the matrices of a forward pass, next to the file's own and the cache's.
    public static func workingBytes(_ c: GemmaConfig, vocabularyCount: Int, ubatch: Int) -> Int {
        let attention = 2 * c.heads * c.headDim + 2 * c.kvHeads * c.headDim + c.headDim
        let columns = 3 * c.width + attention + 2 * c.feedForwardWidth
        return MemoryLayout<Float>.stride * (ubatch * columns + logitRows * (c.width + vocabularyCount))
    }

    /// An empty cache that fits this model.
    public func makeCache(capacity: Int, element: KVCache.Element = .f16) -> KVCache {
        makeCache(capacity: capacity, keys: element, values: element)
    }

    /// The same with an element type each for keys and values.
    public func makeCache(capacity: Int, keys: KVCache.Element, values: KVCache.Element) -> KVCache {
        KVCache(makePool(keys: keys, values: values), capacity: capacity)
    }

    /// Where caches that fit this model and may share blocks come from.
    public func makePool(keys: KVCache.Element, values: KVCache.Element) -> KVPool {
        let c = model.config
        return KVPool(
            KVShape(layers: c.layers, kvHeads: c.kvHeads, headDim: c.headDim, keys: keys, values: values))
    }

    /// Runs `tokens` as the next positions of the sequence in `cache`. Their final states stay here for `logits`.
    ///
    /// Precondition: 1 ... ubatch tokens, all in the vocabulary, and room in the cache.
    /// Throws: `CancellationError` when `goesOn` says no.
    public func forward(_ tokens: [Int32], cache: KVCache) throws(CancellationError) {
        oneSpan.append(KVCache.Span(cache, count: tokens.count))
        defer { oneSpan.removeAll(keepingCapacity: true) }
        try forward(tokens, spans: oneSpan)
    }

    /// Runs `tokens` as the next positions of several sequences: the first `spans[0].count` tokens belong to the first
    /// span's cache, and so on. A sequence's results are the same bits as if it were run alone, as long as the plan has
    /// the same paths for both numbers of positions.
    ///
    /// - Parameter planned: number of positions that the plan is asked for, where it is not theirs: so that a sequence's
    ///   paths don't depend on those that share the call.
    /// Precondition: 1 ... ubatch tokens, all in the vocabulary, as many as the spans count; each cache is there once
    /// and has room.
    /// Throws: `CancellationError` when `goesOn` says no; the caches are as before.
    public func forward(
        _ tokens: [Int32], spans: [KVCache.Span], planned: Int? = nil
    ) throws(CancellationError) {
        self.planned = planned
        let c = model.config
        let w = model.weights
        let n = tokens.count
        precondition(n >= 1 && n <= ubatch, "\(n) tokens in a ubatch of \(ubatch)")
        batch.fill(spans)
        defer { batch.clear() }
        precondition(batch.rows == n, "\(n) tokens for spans of \(batch.rows)")

        executor.lookUp(tokens, in: w.tokenEmbedding, scale: Float(c.width).squareRoot(), into: x)
        executor.fillAngles(rope, batch: batch, into: angles)
        probe?(.embedding, nil, x, n)

        for (index, layer) in w.layers.enumerated() {
            if goesOn?(index) == false { throw CancellationError() }
            executor.rmsNorm(x, weight: layer.attentionNorm, epsilon: c.normEpsilon, rows: n, into: normed)
            probe?(.attentionNorm, index, normed, n)
            executor.project(
                normed, rows: n, on(.query, index, layer.query, q, n), on(.key, index, layer.key, k, n),
                on(.value, index, layer.value, v, n))
            executor.rotate(q, angles: angles, rows: n, scale: 1 / Float(c.headDim).squareRoot())
            executor.rotate(k, angles: angles, rows: n)
            probe?(.query, index, q, n)
            probe?(.key, index, k, n)
            probe?(.value, index, v, n)
            executor.store(keys: k, values: v, batch: batch, layer: index)
            executor.attend(queries: q, batch: batch, layer: index, into: mixed)
            probe?(.attention, index, mixed, n)
            executor.project(mixed, rows: n, on(.attentionOutput, index, layer.attentionOutput, delta, n))
            executor.add(delta, to: x, rows: n)
            probe?(.afterAttention, index, x, n)

            executor.rmsNorm(x, weight: layer.feedForwardNorm, epsilon: c.normEpsilon, rows: n, into: normed)
            probe?(.feedForwardNorm, index, normed, n)
            executor.feedForward(
                normed, rows: n, gate: on(.gate, index, layer.gate, gate, n), up: on(.up, index, layer.up, up, n),
                down: on(.down, index, layer.down, delta, n), keepsGated: probe != nil)
            probe?(.gated, index, gate, n)
            executor.add(delta, to: x, rows: n)
            probe?(.afterFeedForward, index, x, n)
        }
        batch.advance()
    }

    /// Logits of rows `rows` of the latest forward call, each over the vocabulary; valid until the next call.
    ///
    /// Precondition: at most `logitRows` rows.
    public func logits(rows: Range<Int>) -> Matrix {
        planned = nil
        precondition(rows.count <= Self.logitRows && rows.upperBound <= ubatch, "logits of rows \(rows)")
        executor.copyRows(rows, of: x, into: selected)
        return logitsOfSelected(rows.count)
    }

    /// The same for rows that need not lie together, in their order: the last row of each span, say.
    ///
    /// - Parameter planned: number of positions that the plan is asked for, where it is not theirs.
    public func logits(rows: [Int], planned: Int? = nil) -> Matrix {
        self.planned = planned
        precondition(rows.count <= Self.logitRows, "logits of \(rows.count) rows")
        for (index, row) in rows.enumerated() {
            precondition(row >= 0 && row < ubatch, "logits of row \(row)")
            executor.copyRows(row..<row + 1, of: x, into: selected, at: index)
        }
        return logitsOfSelected(rows.count)
    }

    /// Final states of rows `rows` of the latest forward call, normalized, each of the model's width; valid until the
    /// next call.
    ///
    /// Precondition: at most `logitRows` rows.
    public func states(rows: Range<Int>) -> Matrix {
        precondition(rows.count <= Self.logitRows && rows.upperBound <= ubatch, "states of rows \(rows)")
        executor.copyRows(rows, of: x, into: selected)
        normalizeSelected(rows.count)
        return selected
    }

    private func normalizeSelected(_ n: Int) {
        executor.rmsNorm(
            selected, weight: model.weights.outputNorm, epsilon: model.config.normEpsilon, rows: n, into: selected)
        probe?(.outputNorm, nil, selected, n)
    }

    private func logitsOfSelected(_ n: Int) -> Matrix {
        normalizeSelected(n)
        executor.project(selected, rows: n, on(.output, nil, model.weights.output, logits, n))
        probe?(.logits, nil, logits, n)
        return logits
    }

    /// The projection by `weight` into `output`, as the plan has it for `n` positions.
    private func on(
        _ weightClass: WeightClass, _ layer: Int?, _ weight: Weight, _ output: Matrix, _ n: Int
    ) -> Projection {
        let choice = plan.choice(layer: layer, weightClass, positions: planned ?? n)
        return Projection(weight, to: output, path: choice.path, threads: choice.threads)
    }
}
