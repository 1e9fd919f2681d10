internal import Compute
internal import Gemma

/// What an engine can hold, from the memory there is.
struct EngineLimits: Sendable {
    /// Positions of one sequence.
    let context: Int
    /// Texts that grow at the same time.
    let sequences: Int
    /// KV blocks in all.
    let blocks: Int
    /// Most of them for texts that no running request holds.
    let keptBlocks: Int
    let blockBytes: Int

    /// Throws: `EngineError.memory` where not even one sequence of the whole context fits.
    init(_ model: GemmaModel, settings: EngineSettings) throws(EngineError) {
        let limit = model.config.contextLength
        context = settings.context ?? limit
        guard context <= limit else { throw .contextTooLong(requested: context, limit: limit) }
        let c = model.config
        blockBytes =
            KVShape(
                layers: c.layers, kvHeads: c.kvHeads, headDim: c.headDim, keys: settings.cacheElement,
                values: settings.valueElement ?? settings.cacheElement
            ).blockBytes
        let perSequence = Self.blocks(context)
        let fixed = MemoryNeed(model, context: 1, settings: settings).bytes
        let available = MemoryNeed.available
        let possible = available > fixed ? (available - fixed) / blockBytes : 0
        guard possible >= perSequence else {
            let (need, overflow) = (perSequence * blockBytes).addingReportingOverflow(fixed)
            throw .memory(needed: overflow ? .max : need, available: available, context: context)
        }
        sequences = settings.sequences
        keptBlocks = settings.cacheBytes / blockBytes
        blocks = min(possible, perSequence * sequences + keptBlocks)
    }

    /// Blocks that a request takes at most.
    func blocks(for request: EngineRequest) -> Int {
        guard case .generate(let options, let count) = request.task, options.maxTokens != 0 else {
            return Self.blocks(request.prompt.count)
        }
        let (sum, overflow) = request.prompt.count.addingReportingOverflow(options.maxTokens ?? context)
        let shared = request.prompt.count / KVBlock.positions
        return shared + count * (Self.blocks(overflow ? context : min(sum, context)) - shared)
    }

    private static func blocks(_ positions: Int) -> Int {
        positions / KVBlock.positions + (positions % KVBlock.positions == 0 ? 0 : 1)
    }
}

extension EngineRequest {
    /// Texts that it makes.
    var sequences: Int {
        if case .generate(_, let count) = task { count } else { 1 }
    }

    /// Positions that may be skipped where they are computed already. What stands at a position comes out of the one
    /// before it: the last one is computed in any case, and one more where something is wanted of each.
    var skippable: Int {
        guard usesCache else { return 0 }
        switch task {
        case .generate(let options, _):
            guard options.promptLogprobs != nil else { return prompt.count - 1 }
            return min(options.firstScoredToken, prompt.count) - 1
        case .embed(let options): return options.pooling == .last ? prompt.count - 1 : 0
        }
    }
}
