package import JSON

/// What a model made of one answer.
package struct AnswerScore: Sendable, Equatable {
    /// ln p of its tokens together.
    package let logProbability: Double
    package let tokens: Int
    /// Whether each of them was the most probable one.
    package let isGreedy: Bool
    /// What was generated.
    package let text: String?

    package init(logProbability: Double, tokens: Int, isGreedy: Bool, text: String? = nil) {
        self.logProbability = logProbability
        self.tokens = tokens
        self.isGreedy = isGreedy
        self.text = text
    }
}

/// What a model made of one item.
package struct ItemResult: Sendable, Equatable {
    package let item: TaskItem
    /// One for each choice, else one.
    package let answers: [AnswerScore]
    /// Prompt tokens that another item or choice had computed.
    package var cachedTokens = 0

    package init(_ item: TaskItem, answers: [AnswerScore]) {
        self.item = item
        self.answers = answers
    }

    private var sums: [Double] { answers.map(\.logProbability) }

    /// The number of the largest, the first of equals.
    private static func best(_ values: [Double]) -> Int {
        values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    }

    /// The most probable choice.
    package var best: Int { Self.best(sums) }

    /// The most probable choice by ln p per character.
    package var bestByLength: Int {
        guard case .choice(let choices) = item.kind else { return 0 }
        // a choice without characters never reaches here: it would have no tokens to score
        return Self.best(zip(sums, choices.texts).map { $0 / Double(max(1, $1.unicodeScalars.count)) })
    }

    /// The item's part in a metric; nil where the metric is not for its kind.
    package func value(_ metric: EvaluationTask.Metric) -> Double? {
        switch (metric, item.kind) {
        case (.acc, .choice(let choices)): choices.correct.contains(best) ? 1 : 0
        case (.accNorm, .choice(let choices)): choices.correct.contains(bestByLength) ? 1 : 0
        case (.mass, .choice(let choices)): mass(choices.correct)
        case (.acc, .cloze): answers.first.map { $0.isGreedy ? 1 : 0 }
        case (.perplexity, .cloze): answers.first?.logProbability
        case (.exactMatch, .exact(_, let answers)):
            answers.contains { $0.stripped == self.answers.first?.text?.stripped } ? 1 : 0
        default: nil
        }
    }

    /// Share of right choices in the probability of all.
    private func mass(_ correct: Set<Int>) -> Double {
        let top = sums.max() ?? 0
        let weights = sums.map { Double.exp($0 - top) }
        return correct.reduce(0) { $0 + weights[$1] } / weights.reduce(0, +)
    }

    /// A line of the file of results.
    package func json(_ metrics: [EvaluationTask.Metric]) -> JSONValue {
        var members: [(String, JSONValue)] = [("line", .integer(item.line))]
        switch item.kind {
        case .choice(let choices):
            members += [
                ("logprobs", .array(sums.map { .number($0) })),
                ("tokens", .array(answers.map { .integer($0.tokens) })), ("best", .integer(best)),
                ("best_norm", .integer(bestByLength)),
                ("correct", .array(choices.correct.sorted().map { .integer($0) })),
            ]
        case .cloze(_, let target):
            members += [
                ("target", .string(target)), ("logprob", .number(sums.first ?? 0)),
                ("tokens", .integer(answers.first?.tokens ?? 0)),
                ("greedy", .bool(answers.first?.isGreedy ?? false)),
            ]
        case .exact(_, let expected):
            members += [
                ("text", .string(answers.first?.text ?? "")), ("answers", .array(expected.map { .string($0) })),
            ]
        }
        for metric in metrics where metric != .perplexity {
            if let value = value(metric) { members.append((metric.rawValue, .number(value))) }
        }
        return .object(JSONObject(members))
    }
}

/// A task's figures.
package struct TaskScore: Sendable {
    package let metrics: [(metric: EvaluationTask.Metric, estimate: Estimate)]

    package init(_ task: EvaluationTask, _ results: some Collection<ItemResult>) {
        metrics = task.metrics.map { metric in
            var mean = RunningMean()
            for result in results { if let value = result.value(metric) { mean.add(value) } }
            guard metric == .perplexity else { return (metric, Estimate(mean)) }
            return (metric, Estimate(-mean.mean, mean.standardError).exponential)
        }
    }
}
