internal import CKernels

extension Executor {
    /// Keys of one run. Runs begin at multiples of it whatever the ubatch, and are joined in ascending order, so that a
    /// position's result has the same bits in a prefill of 512, in decode, and on any number of threads.
    private static let runLength = 256

    /// Causal attention of positions first ..< first + rows over all positions up to their own.
    ///
    /// Shape: queries and output [rows, heads * headDim]; queries are already rotated and scaled by 1/sqrt(headDim).
    /// Query head h reads KV head h / (heads / kvHeads). Each key is read once for all heads that share it.
    public func attend(queries: Matrix, first: Int, rows: Int, layer: Int, cache: KVCache, into output: Matrix) {
        let dim = cache.headDim
        let heads = queries.columns / dim
        let group = heads / cache.kvHeads
        precondition(queries.columns == output.columns && heads * dim == queries.columns, "attend: columns differ")
        precondition(group * cache.kvHeads == heads, "\(heads) heads cannot share \(cache.kvHeads) KV heads")
        precondition(layer < cache.layers && first + rows <= cache.capacity, "attend: position past the capacity")
        let runs = (first + rows + Self.runLength - 1) / Self.runLength
        let partial = PartialAttention(group: group, dim: dim, runLength: Self.runLength)

        if rows == 1 {
            // Decode: the runs of the one position are shared out, then joined.
            let slots = cache.kvHeads * runs
            let base = reservePartials(slots * partial.floats)
            team.run(chunks: slots, threads: threads) { item, _ in
                let (kvHead, run) = (item / runs, item % runs)
                attendRun(
                    run, of: first, kvHead: kvHead, query: queries.row(0) + kvHead * group * dim, layer: layer,
                    cache: cache, into: partial.at(base + item * partial.floats))
            }
            for kvHead in 0..<cache.kvHeads {
                let total = partial.at(base + kvHead * runs * partial.floats)
                for run in 1..<max(runs, 1) {
                    join(partial.at(base + (kvHead * runs + run) * partial.floats), into: total, partial)
                }
                finish(total, partial, into: output.row(0) + kvHead * group * dim)
            }
        } else {
            // Prefill: each position goes through its runs on one thread; the longest come first.
            reserveScratch(2 * partial.floats)
            let scratch = scratchPointers()
            team.run(chunks: rows * cache.kvHeads, threads: threads) { item, worker in
                let row = rows - 1 - item / cache.kvHeads
                let kvHead = item % cache.kvHeads
                let query = queries.row(row) + kvHead * group * dim
                let total = partial.at(scratch[worker])
                let next = partial.at(scratch[worker] + partial.floats)
                for run in 0...(first + row) / Self.runLength {
                    attendRun(
                        run, of: first + row, kvHead: kvHead, query: query, layer: layer, cache: cache,
                        into: run == 0 ? total : next)
                    if run > 0 { join(next, into: total, partial) }
                }
                finish(total, partial, into: output.row(row) + kvHead * group * dim)
            }
        }
    }

    /// Attention of position `position` to the keys of one run.
    private func attendRun(
        _ run: Int, of position: Int, kvHead: Int, query: UnsafePointer<Float>, layer: Int, cache: KVCache,
        into slot: PartialAttention.Slot
    ) {
        let start = run * Self.runLength
        let headOffset = kvHead * cache.headDim * cache.element.byteCount
        var arguments = carat_attention(
            queries: query,
            keys: UnsafeRawPointer(cache.keys(layer: layer, position: start) + headOffset),
            values: UnsafeRawPointer(cache.values(layer: layer, position: start) + headOffset),
            heads: slot.group, dim: cache.headDim, count: min(Self.runLength, position + 1 - start),
            stride: cache.kvHeads * cache.headDim,
            scores: slot.scores, maxima: slot.maxima, sums: slot.sums, mixed: slot.mixed)
        switch cache.element {
        case .f16: kernels.table.pointee.attend_f16(&arguments)
        case .f32: kernels.table.pointee.attend_f32(&arguments)
        }
    }

    private func join(_ b: PartialAttention.Slot, into a: PartialAttention.Slot, _ shape: PartialAttention) {
        for head in 0..<shape.group {
            kernels.table.pointee.join(
                a.maxima + head, a.sums + head, a.mixed + head * shape.dim, b.maxima[head], b.sums[head],
                b.mixed + head * shape.dim, shape.dim)
        }
    }

    private func finish(
        _ slot: PartialAttention.Slot, _ shape: PartialAttention, into output: UnsafeMutablePointer<Float>
    ) {
        for head in 0..<shape.group {
            let scale = 1 / slot.sums[head]
            for i in 0..<shape.dim { output[head * shape.dim + i] = slot.mixed[head * shape.dim + i] * scale }
        }
    }
}

/// Where the parts of one attention run lie in scratch memory.
private struct PartialAttention {
    let group: Int
    let dim: Int
    let runLength: Int

    struct Slot {
        let group: Int
        let scores: UnsafeMutablePointer<Float>  // [group, runLength]
        let maxima: UnsafeMutablePointer<Float>  // [group]
        let sums: UnsafeMutablePointer<Float>  // [group]
        let mixed: UnsafeMutablePointer<Float>  // [group, dim]
    }

    /// Floats of one slot, a whole number of cache lines.
    var floats: Int { (group * (runLength + 2 + dim) + 15) / 16 * 16 }

    func at(_ base: UnsafeMutablePointer<Float>) -> Slot {
        let maxima = base + group * runLength
        return Slot(group: group, scores: base, maxima: maxima, sums: maxima + group, mixed: maxima + 2 * group)
    }
}
