internal import Compute
internal import Gemma
internal import Tokenizer

/// A sequence's rows in a forward call.
enum StepPart {
    /// The token of a completion that is not in its cache yet.
    case decode(RunningRequest, RunningCompletion)
    /// The next positions of a prompt.
    case prefill(RunningRequest, Range<Int>)

    var isDecode: Bool {
        if case .decode = self { true } else { false }
    }

    var rows: Int {
        if case .prefill(_, let range) = self { range.count } else { 1 }
    }

    var request: RunningRequest {
        switch self {
        case .decode(let request, _), .prefill(let request, _): request
        }
    }
}

extension EngineWorker {
    /// What the next step computes.
    func compose() -> [StepPart] {
        var parts: [StepPart] = []
        for request in running {
            for completion in request.completions where !completion.isDone {
                parts.append(.decode(request, completion))
            }
        }
        var prefilling = running.filter(\.isPrefilling)
        if let most = prefilling.lazy.map(\.request.priority).min() {
            prefilling.removeAll { $0.request.priority > most }
        }
        if cutsAlone {
            // in turn the one that came first and the one that is done soonest
            let soonest = prefilling.min { $0.remaining < $1.remaining }
            if let request = statistics.steps % 2 == 0 ? prefilling.first : soonest {
                let cut = gemma.ubatch - request.done % gemma.ubatch
                parts.append(.prefill(request, request.done..<request.done + min(cut, request.remaining)))
            }
            return parts
        }
        let shares = StepPlan.shares(of: max(1, gemma.ubatch - parts.count), remaining: prefilling.map(\.remaining))
        for (request, share) in zip(prefilling, shares) where share > 0 {
            parts.append(.prefill(request, request.done..<request.done + share))
        }
        return parts
    }

    /// Forward calls for parts that may be more than a ubatch has rows.
    func runAll(_ parts: [StepPart]) {
        var rest = parts[...]
        while !rest.isEmpty {
            var rows = 0
            let some = rest.prefix { part in
                rows += part.rows
                return rows <= gemma.ubatch
            }
            run(Array(some))
            rest = rest.dropFirst(some.count)
        }
    }

    /// One forward call, and what comes out of it.
    private func run(_ parts: [StepPart]) {
        var tokens: [TokenID] = []
        var spans: [KVCache.Span] = []
        for part in parts {
            switch part {
            case .decode(_, let completion):
                tokens.append(completion.tokens[completion.cache.count])
                spans.append(KVCache.Span(completion.cache, count: 1))
            case .prefill(let request, let range):
                tokens += request.prompt[range]
                spans.append(KVCache.Span(request.cache, count: range.count))
            }
        }
        let isPrefill = parts.contains { !$0.isDecode }
        gemma.executor.threads = isPrefill ? settings.prefillThreads : settings.threads
        // nobody waits for a step that is cancelled as a whole
        gemma.goesOn = { _ in parts.contains { !$0.request.job.isCancelled } }
        defer { gemma.goesOn = nil }
        do {
            try gemma.forward(tokens, spans: spans, planned: isPrefill ? gemma.ubatch : 1)
        } catch {
            return  // dropped by the next step
        }
        gemma.executor.threads = settings.threads
        var row = 0
        var sampled: [(row: Int, request: RunningRequest, completions: [RunningCompletion])] = []
        var failed: [(RunningRequest, EngineError)] = []
        for part in parts {
            switch part {
            case .decode(let request, let completion):
                publish(completion.cache, tokens: completion.tokens, path: &completion.path, request.request)
                sampled.append((row, request, [completion]))
                row += 1
            case .prefill(let request, let range):
                do throws(EngineError) {
                    try finishChunk(request, range, firstRow: row)
                    if !request.isPrefilling, request.options != nil {
                        fork(request)
                        sampled.append((row + range.count - 1, request, request.completions))
                    }
                } catch {
                    failed.append((request, error))
                }
                row += range.count
            }
        }
        for start in stride(from: 0, to: sampled.count, by: Gemma.logitRows) {
            let some = sampled[start..<min(start + Gemma.logitRows, sampled.count)]
            let wanted = some.filter { $0.completions.contains { !$0.isDone } }
            guard !wanted.isEmpty else { continue }
            let logits = gemma.logits(rows: wanted.map(\.row), planned: 1)
            for (index, item) in wanted.enumerated() {
                do throws(EngineError) {
                    for completion in item.completions where !completion.isDone {
                        try logits.withRow(index) { (logits) throws(EngineError) in
                            try advance(completion, of: item.request, logits)
                        }
                    }
                } catch {
                    failed.append((item.request, error))
                }
            }
        }
        for (request, error) in failed where running.contains(where: { $0 === request }) {
            end(request, .failure(error))
        }
        for request in running where !request.isPrefilling && request.completions.allSatisfy(\.isDone) {
            complete(request)
        }
    }

    /// What a part of the prompt brings besides keys and values.
    private func finishChunk(_ request: RunningRequest, _ range: Range<Int>, firstRow: Int) throws(EngineError) {
        request.done = range.upperBound
        statistics.prefilledTokens += range.count
        publish(request.cache, tokens: request.prompt, path: &request.path, request.request)
        if !request.isPrefilling { publishTail(request) }
        if let options = request.options, let top = options.promptLogprobs {
            let first = min(options.firstScoredToken, request.prompt.count)
            if request.result.promptLogprobs.isEmpty {
                request.result.promptLogprobs = Array(repeating: nil, count: first)
            }
            let scored = range.clamped(to: first - 1..<request.prompt.count - 1)
            for start in stride(from: scored.lowerBound, to: scored.upperBound, by: Gemma.logitRows) {
                let some = start..<min(start + Gemma.logitRows, scored.upperBound)
                let rows = some.map { $0 - range.lowerBound + firstRow }
                let logits = gemma.logits(rows: rows, planned: gemma.ubatch)
                for (index, position) in some.enumerated() {
                    let entry = logits.withRow(index) {
                        logProbabilities(of: request.prompt[position + 1], in: $0, top: top)
                    }
                    guard !entry.logprob.isNaN else { throw .notANumber(position: position) }
                    request.result.promptLogprobs.append(entry)
                }
            }
        }
        if let embedding = request.embedding { try gather(embedding, request, range, firstRow: firstRow) }
        if !request.isPrefilling {
            request.result.timings.prefillSeconds = (ContinuousClock.now - request.began) / .seconds(1)
        }
        request.job.emit(.prefilled(done: request.done, total: request.prompt.count))
        if !request.isPrefilling, request.options?.promptLogprobs != nil {
            request.job.emit(.prompt(request.result.promptLogprobs))
        }
    }

    private func gather(
        _ options: EmbeddingOptions, _ request: RunningRequest, _ range: Range<Int>, firstRow: Int
    ) throws(EngineError) {
        let width = model.config.width
        if request.stateSums.isEmpty { request.stateSums = [Double](repeating: 0, count: width) }
        let last = request.prompt.count - 1
        let wanted = options.pooling == .mean ? range : range.clamped(to: last..<last + 1)
        for start in stride(from: wanted.lowerBound, to: wanted.upperBound, by: Gemma.logitRows) {
            let some = start..<min(start + Gemma.logitRows, wanted.upperBound)
            let first = some.lowerBound - range.lowerBound + firstRow
            let states = gemma.states(rows: first..<first + some.count)
            for row in 0..<some.count {
                // one position after the other, so that the sum does not depend on how the prompt was cut
                states.withRow(row) { state in
                    for column in state.indices { request.stateSums[column] += Double(state[column]) }
                }
            }
        }
        guard !request.isPrefilling else { return }
        let count = options.pooling == .mean ? request.prompt.count : 1
        var vector = request.stateSums.map { $0 / Double(count) }
        if options.isNormalized {
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            if length > 0 { for i in vector.indices { vector[i] /= length } }
        }
        guard vector.allSatisfy(\.isFinite) else { throw .notANumber(position: request.prompt.count) }
        request.result.embedding = vector.map { Float($0) }
    }

    /// Begins the completions of a prompt that is computed; they share its blocks.
    private func fork(_ request: RunningRequest) {
        guard case .generate(let options, let count) = request.request.task else { return }
        for index in 0..<count {
            let completion = RunningCompletion(
                index: index, builder: CompletionBuilder(options, tokenizer: model.tokenizer, index: index),
                cache: index == count - 1 ? request.cache : request.cache.fork(), tokens: request.prompt,
                path: request.path)
            if index > 0 { for node in request.path { tree.retain(node) } }
            request.completions.append(completion)
            guard options.maxTokens == 0 else { continue }
            completion.isDone = true
            keep(completion.cache, tokens: completion.tokens, path: completion.path, request.request)
        }
    }

    /// The next token of a completion.
    private func advance(
        _ completion: RunningCompletion, of request: RunningRequest, _ logits: Span<Float>
    ) throws(EngineError) {
        let hasRoom = completion.tokens.count < limits.context
        let step = try completion.builder.next(logits, history: completion.tokens, hasRoom: hasRoom)
        if request.firstToken == nil {
            request.firstToken = .now
            request.result.timings.firstTokenSeconds = (ContinuousClock.now - request.job.arrival) / .seconds(1)
        }
        statistics.generatedTokens += 1
        if !step.text.isEmpty || step.logprobs != nil {
            request.job.emit(
                .text(step.text, logprobs: step.logprobs.map { [$0] } ?? [], index: completion.index))
        }
        guard let reason = step.end else {
            completion.tokens.append(step.token)
            return
        }
        completion.isDone = true
        keep(completion.cache, tokens: completion.tokens, path: completion.path, request.request)
        request.job.emit(.ended(reason, index: completion.index))
    }

    private func complete(_ request: RunningRequest) {
        var result = request.result
        result.completions = request.completions.map(\.builder.completion)
        result.usage.generatedTokens = result.completions.reduce(0) { $0 + $1.tokens.count }
        if let first = request.firstToken { result.timings.decodeSeconds = (ContinuousClock.now - first) / .seconds(1) }
        end(request, .success(result))
    }
}
