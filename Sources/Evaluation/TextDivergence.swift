internal import Compute
internal import Gemma
package import Tokenizer

/// The full-precision model that others are compared with.
package enum ParentModel {
    /// Run side by side with the child.
    case live(WindowModel)
    /// Its log-probabilities, computed earlier.
    case stored(LogitsFile)
}

/// How far a model's distributions are from its parent's on a text, token by token.
package struct TextDivergence: Sendable {
    /// Losses of the child and of the parent.
    package private(set) var child = TextPerplexity()
    package private(set) var parent = TextPerplexity()
    /// Of child less parent, pairwise.
    package private(set) var lossDifferences = RunningMean()
    /// Kullback-Leibler divergences, nats.
    package private(set) var divergences: [Double] = []
    /// p of the text's token by the child less that by the parent.
    package private(set) var probabilityDifferences: [Double] = []
    package private(set) var sameBest = 0
    private var lossProducts = RunningMean()

    init() {}

    /// Compares models with one parent, which is computed once for all of them.
    ///
    /// - Parameter progress: called with the windows that are done.
    /// Throws: `EvaluationError` where the models don't go together, a file is damaged, a logit is no number, or the
    /// work is cancelled; `EngineError.modelFileChanged`.
    package static func compare(
        _ children: [WindowModel], with parent: ParentModel, on windows: TextWindows,
        progress: (_ windows: Int, _ soFar: [TextDivergence]) throws -> Void = { _, _ in }
    ) throws -> [TextDivergence] {
        guard let first = children.first else { return [] }
        if case .live(let parent) = parent {
            for child in children {
                try requireSameTokens(child.model.tokenizer.vocabulary, parent.model.tokenizer.vocabulary)
            }
        }
        var results = children.map { _ in TextDivergence() }
        let decoded = Matrix(rows: Gemma.logitRows, columns: first.model.tokenizer.vocabulary.count)
        var row = 0
        for step in windows.steps(ubatch: children.map(\.ubatch).min() ?? first.ubatch) {
            for child in children { try child.forward(step) }
            switch parent {
            case .live(let parent): try parent.forward(step)
            case .stored(let file): if step.isLast { try step.windows.forEach(file.verify) }
            }
            for start in stride(from: 0, to: step.rows.count, by: Gemma.logitRows) {
                let some = start..<min(start + Gemma.logitRows, step.rows.count)
                let targets = step.targets[some]
                let logits: Matrix
                var stored: [Double]?
                switch parent {
                case .live(let parent): logits = parent.logits(step.rows[some])
                case .stored(let file):
                    stored = try file.read(from: row, tokens: targets, into: decoded, executor: first.executor)
                    logits = decoded
                }
                for (index, child) in children.enumerated() {
                    let tokens = child.executor.divergences(
                        of: child.logits(step.rows[some]), from: logits, tokens: targets)
                    for (place, token) in tokens.enumerated() {
                        let parentLogProbability = stored?[place] ?? token.parent.logProbability
                        try results[index].add(token, parentLogProbability, window: step.windows.lowerBound + 1)
                    }
                }
                row += some.count
            }
            if step.isLast { try progress(step.windows.upperBound, results) }
        }
        return results
    }

    /// Throws: `EvaluationError.vocabulary` or `.tokenizer`.
    package static func requireSameTokens(_ child: Vocabulary, _ parent: Vocabulary) throws(EvaluationError) {
        guard child.count == parent.count else { throw .vocabulary(child: child.count, parent: parent.count) }
        guard LogitsSeal.digest(of: child) == LogitsSeal.digest(of: parent) else { throw .tokenizer }
    }

    private mutating func add(
        _ token: TokenDivergence, _ parentLogProbability: Double, window: Int
    ) throws(EvaluationError) {
        let (q, p) = (token.child.logProbability, parentLogProbability)
        guard q.isFinite, p.isFinite, token.divergence.isFinite else { throw .notANumber(window: window) }
        child.add(-q)
        parent.add(-p)
        lossDifferences.add(p - q)
        lossProducts.add(p * q)
        divergences.append(token.divergence)
        probabilityDifferences.append(Double.exp(q) - Double.exp(p))
        if token.child.best == token.parent.best { sameBest += 1 }
    }
}

extension TextDivergence {
    /// Scored tokens.
    package var count: Int { divergences.count }

    /// Mean divergence, nats per token.
    package var mean: Estimate { Estimate(Self.mean(divergences)) }

    /// Share of tokens for which both models' first choice is the same.
    package var agreement: Estimate { Estimate(share: sameBest, of: count) }

    /// Child's perplexity over the parent's. Both see the same tokens, so the error is that of the pairwise differences.
    package var perplexityRatio: Estimate { Estimate(lossDifferences).exponential }

    /// Child's perplexity less the parent's.
    package var perplexityDifference: Estimate {
        let (q, p) = (child.estimate, parent.estimate)
        let covariance = q.value * p.value * lossCovariance
        let variance = q.standardError * q.standardError + p.standardError * p.standardError - 2 * covariance
        return Estimate(q.value - p.value, max(0, variance).squareRoot())
    }

    /// Correlation of the losses of both, from -1 to 1.
    package var lossCorrelation: Double {
        let errors = child.losses.standardError * parent.losses.standardError
        return errors > 0 ? min(1, lossCovariance / errors) : 1
    }

    /// Covariance of the two mean losses.
    private var lossCovariance: Double {
        guard count > 1 else { return 0 }
        return (lossProducts.mean - child.losses.mean * parent.losses.mean) / Double(count - 1)
    }

    /// Root mean square of the probability differences.
    package var probabilityDistance: Estimate {
        let squares = Self.mean(probabilityDifferences.map { $0 * $0 })
        let root = squares.mean.squareRoot()
        return Estimate(root, root > 0 ? squares.standardError / (2 * root) : 0)
    }

    package var probabilityDifference: Estimate { Estimate(Self.mean(probabilityDifferences)) }

    private static func mean(_ values: [Double]) -> RunningMean {
        values.reduce(into: RunningMean()) { $0.add($1) }
    }
}
