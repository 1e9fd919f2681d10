package import Engine
internal import Gemma
package import Tokenizer

/// A task's items as requests to an engine, checked before any is run.
package struct TaskRun: Sendable {
    package let task: EvaluationTask
    /// With their examples before them.
    package let items: [TaskItem]
    private let requests: [[ItemRequest]]

    private struct ItemRequest: Sendable {
        let request: EngineRequest
        /// The first token of the answer.
        let first: Int
    }

    /// How answers are generated.
    package struct Generation: Sendable {
        package var maxTokens = 64
        package var stop = ["\n"]

        package init() {}
    }

    /// - Parameters:
    ///   - examples: items that may stand before others, in their order.
    ///   - shots: how many of them, or of those of an item's own group, do.
    ///   - context: positions that a request may take.
    /// Throws: `EvaluationError` naming the line whose texts have no token to score or too many.
    package init(
        _ task: EvaluationTask, items: [TaskItem], examples: [TaskItem] = [], shots: Int = 0, examplesPath: String = "",
        tokenizer: Tokenizer, context: Int, generation: Generation = Generation()
    ) throws(EvaluationError) {
        self.task = task
        var byGroup: [String?: [TaskItem]] = [:]
        for example in examples { byGroup[example.group, default: []].append(example) }
        var complete: [TaskItem] = []
        for item in items {
            let known = byGroup[item.group] ?? []
            guard known.count >= shots else {
                throw .tooFewShots(path: examplesPath, group: item.group, wanted: shots, found: known.count)
            }
            complete.append(item.following(Array(known.prefix(shots))))
        }
        self.items = complete
        var requests: [[ItemRequest]] = []
        for item in complete {
            requests.append(try Self.requests(item, tokenizer: tokenizer, context: context, generation: generation))
        }
        self.requests = requests
    }

    private static func requests(
        _ item: TaskItem, tokenizer: Tokenizer, context: Int, generation: Generation
    ) throws(EvaluationError) -> [ItemRequest] {
        var requests: [ItemRequest] = []
        func check(_ count: Int) throws(EvaluationError) {
            guard count <= context else { throw .promptTooLong(line: item.line, tokens: count, context: context) }
        }
        func score(_ prompt: String, _ continuation: String, _ part: String) throws(EvaluationError) {
            let (tokens, first) = encode(prompt, continuation, tokenizer)
            guard first < tokens.count else { throw .noTokens(line: item.line, part: part) }
            try check(tokens.count)
            var options = GenerationOptions(maxTokens: 0)
            options.promptLogprobs = 1
            options.firstScoredToken = first
            requests.append(ItemRequest(request: EngineRequest(prompt: tokens, options: options), first: first))
        }
        switch item.kind {
        case .choice(let choices):
            for (index, continuation) in choices.continuations.enumerated() {
                try score(choices.prompts[index], continuation, "choice \(index)")
            }
        case .cloze(let prompt, let target): try score(prompt, target, "the target")
        case .exact(let prompt, _):
            let tokens = tokenizer.encode(prompt)
            guard !tokens.isEmpty else { throw .noTokens(line: item.line, part: "the prompt") }
            try check(tokens.count + generation.maxTokens)
            var options = GenerationOptions(maxTokens: generation.maxTokens)
            options.sampling.temperature = 0
            options.stop = generation.stop
            requests.append(
                ItemRequest(request: EngineRequest(prompt: tokens, options: options), first: tokens.count))
        }
        return requests
    }

    /// The tokens of both texts as one, and which is the first of the continuation: as lm-evaluation-harness parts them.
    /// Spaces at the prompt's end go with the continuation, where the vocabulary has them.
    static func encode(
        _ prompt: String, _ continuation: String, _ tokenizer: Tokenizer
    ) -> (tokens: [TokenID], first: Int) {
        var start = prompt.unicodeScalars[...]
        while start.last?.properties.isWhitespace == true { start.removeLast() }
        let tokens = tokenizer.encode(prompt + continuation)
        return (tokens, max(1, tokenizer.encode(String(start)).count))
    }

    /// Prompt tokens of all requests.
    package var promptTokens: Int { requests.reduce(0) { $0 + $1.reduce(0) { $0 + $1.request.prompt.count } } }

    /// Runs all items, several at a time so that what their prompts share is computed once.
    ///
    /// - Parameter onResult: called as each item is done, in no order, with its number.
    /// Returns: what was done when the task was cancelled, or all.
    /// Throws: `EngineError`, or `EvaluationError.itemNotANumber`.
    package func run(
        on engine: Engine, atOnce: Int = 8, onResult: @Sendable (Int, ItemResult) -> Void = { _, _ in }
    ) async throws -> [Int: ItemResult] {
        try await withThrowingTaskGroup(of: (Int, ItemResult).self) { group in
            var rest = items.indices.makeIterator()
            func addNext() {
                guard let index = rest.next() else { return }
                group.addTask { (index, try await result(index, engine)) }
            }
            for _ in 0..<max(1, atOnce) { addNext() }
            var results: [Int: ItemResult] = [:]
            do {
                for try await (index, result) in group {
                    results[index] = result
                    onResult(index, result)
                    addNext()
                }
            } catch EngineError.cancelled {
                group.cancelAll()
            }
            return results
        }
    }

    private func result(_ index: Int, _ engine: Engine) async throws -> ItemResult {
        let requests = requests[index]
        let results = try await engine.run(requests.map(\.request), atOnce: requests.count)
        let item = items[index]
        var result = ItemResult(item, answers: results.map { AnswerScore($0) })
        result.cachedTokens = results.reduce(0) { $0 + $1.usage.cachedTokens }
        if case .exact = item.kind { return result }
        guard result.answers.allSatisfy({ $0.logProbability.isFinite }) else {
            throw EvaluationError.itemNotANumber(line: item.line)
        }
        return result
    }
}

extension AnswerScore {
    /// Of what was scored, or of what was written.
    fileprivate init(_ result: EngineResult) {
        let scored = result.promptLogprobs.compactMap(\.self)
        self.init(
            logProbability: scored.reduce(0) { $0 + $1.logprob }, tokens: scored.count,
            isGreedy: !scored.isEmpty && scored.allSatisfy { $0.top.first?.token == $0.token },
            text: result.completions.first?.text)
    }
}
