internal import CKernels

extension Executor {
    /// Causal attention of a batch's positions, each over its own sequence up to itself.
    ///
    /// Shape: queries and output [batch.rows, heads * headDim]; queries are already rotated and scaled by
    /// 1/sqrt(headDim). Query head h reads KV head h / (heads / kvHeads). A block of positions goes through the keys run
    /// by run, with all heads that share a KV head; each key and value is read once for all rows of the block. Source:
    /// Dao 2023, FlashAttention-2, arXiv:2307.08691.
    public func attend(queries: Matrix, batch: Batch, layer: Int, into output: Matrix) {
        guard let shape = batch.sequences.first?.cache else { return }
        let dim = shape.headDim
        let heads = queries.columns / dim
        let group = heads / shape.kvHeads
        precondition(queries.columns == output.columns && heads * dim == queries.columns, "attend: columns differ")
        precondition(group * shape.kvHeads == heads, "\(heads) heads cannot share \(shape.kvHeads) KV heads")
        precondition(layer < shape.layers, "attend: layer \(layer) of \(shape.layers)")
        precondition(
            batch.rows <= queries.rowCapacity && batch.rows <= output.rowCapacity, "attend of \(batch.rows) rows")

        let work = attention
        work.plan(batch, kvHeads: shape.kvHeads, group: group, dim: dim, workers: team.size, threads: threads)
        work.call = AttentionCall(
            table: kernels.table, batch: batch, work: work, queries: queries, output: output, layer: layer,
            group: group, dim: dim)
        defer { work.call = nil }
        team.run(work, chunks: work.items.count, threads: threads)
        // joining a few runs is sooner done than shared out
        let isLong = work.partialFloats > 1 << 17
        team.run(chunks: work.joins.count, threads: isLong ? threads : 1) { index, _ in work.join(index) }
    }
}

/// The work of one attention call, cut into items for the threads, and its memory; kept from call to call.
final class AttentionWork: SharedWork {
    /// Keys of one run. Runs begin at multiples of it whatever the ubatch, and are joined in ascending order, so that a
    /// position's result has the same bits in a prefill of 512, in decode, and on any number of threads.
    static let runLength = Int(CARAT_RUN)
    /// Query rows of a block, where a position has fewer heads than that: queries, scores and values of a run are to
    /// stay in the second-level cache together.
    private static let blockRows = 128
    /// Most Floats for runs that wait to be joined.
    private static let partialLimit = 1 << 21

    /// A block of positions with one KV head: all runs, or, when `partial` says where it goes, one of them.
    struct Item {
        let block: Batch.Block
        let kvHead: Int
        let runs: Range<Int>
        let partial: Int?

        /// Keys times positions.
        var cost: Int { runs.count * block.rows.count }
    }

    /// Runs of one block and KV head that lie one after another from `partial` on.
    struct Join {
        let block: Batch.Block
        let kvHead: Int
        let runs: Int
        let partial: Int
    }

    /// What the items share while they are worked on.
    fileprivate var call: AttentionCall?
    private(set) var items: [Item] = []
    private(set) var joins: [Join] = []
    private(set) var partialFloats = 0
    private var blocks: [Batch.Block] = []
    private var partials = Buffer<Float>(count: 0)
    private var scratch = Buffer<Float>(count: 0)
    private var scratchStride = 0

    func plan(_ batch: Batch, kvHeads: Int, group: Int, dim: Int, workers: Int, threads: Int) {
        var length = Self.runLength
        while length > 1, length * group > Self.blockRows { length /= 2 }
        blocks.removeAll(keepingCapacity: true)
        batch.appendBlocks(of: length, to: &blocks)

        // With few blocks, the threads share out the runs of each; that takes memory for the parts.
        let floats = blocks.reduce(0) { $0 + $1.runs * Self.floats($1, group, dim) } * kvHeads
        let isSplit = threads > 1 && blocks.count * kvHeads < 8 * threads && floats <= Self.partialLimit
        items.removeAll(keepingCapacity: true)
        joins.removeAll(keepingCapacity: true)
        partialFloats = 0
        var largest = 0
        for block in blocks {
            largest = max(largest, block.rows.count * group)
            for kvHead in 0..<kvHeads {
                guard isSplit, block.runs > 1 else {
                    items.append(Item(block: block, kvHead: kvHead, runs: 0..<block.runs, partial: nil))
                    continue
                }
                joins.append(Join(block: block, kvHead: kvHead, runs: block.runs, partial: partialFloats))
                for run in 0..<block.runs {
                    items.append(Item(block: block, kvHead: kvHead, runs: run..<run + 1, partial: partialFloats))
                    partialFloats += Self.floats(block, group, dim)
                }
            }
        }
        if !isSplit { items.sort { $0.cost > $1.cost } }  // the longest first: no thread is left with one at the end

        if partials.count < partialFloats { partials = Buffer(count: partialFloats) }
        scratchStride = (2 * largest + carat_attention_scratch(largest, dim) + 15) / 16 * 16
        if scratch.count < workers * scratchStride { scratch = Buffer(count: workers * scratchStride) }
    }

    /// Floats of one run of a block: maxima, sums and mixed values, a whole number of cache lines.
    private static func floats(_ block: Batch.Block, _ group: Int, _ dim: Int) -> Int {
        (block.rows.count * group * (dim + 2) + 15) / 16 * 16
    }

    override func run(chunk: Int, worker: Int) {
        call?.attend(items[chunk], worker: worker)
    }

    fileprivate func join(_ index: Int) {
        call?.join(joins[index])
    }

    func partial(at offset: Int) -> UnsafeMutablePointer<Float> { partials.base + offset }
    func scratch(_ worker: Int) -> UnsafeMutablePointer<Float> { scratch.base + worker * scratchStride }
}

extension Batch.Block {
    /// Runs of keys that its positions see: the last one sees the most.
    fileprivate var runs: Int { (firstPosition + rows.count - 1) / AttentionWork.runLength + 1 }
}

/// What the items of one call share.
private struct AttentionCall {
    let table: UnsafePointer<carat_kernels>
    let batch: Batch
    unowned let work: AttentionWork
    let queries: Matrix
    let output: Matrix
    let layer: Int
    let group: Int
    let dim: Int

    func attend(_ item: AttentionWork.Item, worker: Int) {
        let block = item.block
        let rows = block.rows.count * group
        let column = item.kvHead * group * dim
        let cache = batch.sequences[block.sequence].cache
        let scratch = work.scratch(worker)
        let target = item.partial.map { work.partial(at: $0) }
        let maxima = target ?? scratch
        for run in item.runs {
            let start = run * AttentionWork.runLength
            var arguments = carat_attention(
                key_type: cache.keyElement.code, value_type: cache.valueElement.code,
                keys: cache.keyPanel(layer: layer, kvHead: item.kvHead, position: start),
                values: cache.valueRow(layer: layer, kvHead: item.kvHead, position: start),
                dim: dim, heads: group, positions: block.rows.count,
                first_count: min(AttentionWork.runLength, block.firstPosition + 1 - start),
                queries: queries.row(block.rows.lowerBound) + column,
                mixed: target.map { $0 + 2 * rows } ?? output.row(block.rows.lowerBound) + column,
                stride: queries.columns, mixed_stride: target == nil ? output.columns : group * dim,
                maxima: maxima, sums: maxima + rows, joins: run > item.runs.lowerBound, scratch: scratch + 2 * rows)
            carat_attend(table, &arguments)
        }
        guard target == nil else { return }
        for (index, row) in block.rows.enumerated() {
            carat_finish_attention(output.row(row) + column, maxima + rows + index * group, group, dim)
        }
    }

    func join(_ join: AttentionWork.Join) {
        let rows = join.block.rows.count * group
        let maxima = work.partial(at: join.partial)
        let (sums, mixed) = (maxima + rows, maxima + 2 * rows)
        let stride = (rows * (dim + 2) + 15) / 16 * 16
        for run in 1..<join.runs {
            let next = maxima + run * stride
            carat_join_runs(table, rows, dim, maxima, sums, mixed, next, next + rows, next + 2 * rows)
        }
        carat_finish_attention(mixed, sums, rows, dim)
        for (index, row) in join.block.rows.enumerated() {
            (output.row(row) + join.kvHead * group * dim).update(
                from: mixed + index * group * dim, count: group * dim)
        }
    }
}
