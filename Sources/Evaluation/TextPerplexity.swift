internal import Engine
internal import Compute
internal import Gemma

/// Perplexity of a text, as llama.cpp's tool computes it, so that figures can be compared.
package struct TextPerplexity: Sendable, Equatable {
    /// -ln p of the scored tokens, nats.
    package private(set) var losses = RunningMean()

    package init() {}

    /// exp of the mean loss, with its standard error where losses of tokens were independent.
    package var estimate: Estimate { Estimate(losses).exponential }

    mutating func add(_ loss: Double) { losses.add(loss) }

    /// Scores all windows.
    ///
    /// - Parameters:
    ///   - file: gets the log-probabilities of every scored position, for a later comparison.
    ///   - progress: called after each forward call with the windows that are done.
    /// Throws: `EvaluationError.notANumber` or `.cancelled`; `EngineError.modelFileChanged`; what `file` says.
    package init(
        of windows: TextWindows, by model: WindowModel, savingTo file: LogitsFileWriter? = nil,
        progress: (_ windows: Int, _ soFar: TextPerplexity) throws -> Void = { _, _ in }
    ) throws {
        for step in windows.steps(ubatch: model.ubatch) {
            try model.forward(step)
            for first in stride(from: 0, to: step.rows.count, by: Gemma.logitRows) {
                let some = first..<min(first + Gemma.logitRows, step.rows.count)
                let logits = model.logits(step.rows[some])
                for prediction in model.executor.predictions(of: step.targets[some], in: logits) {
                    guard prediction.logProbability.isFinite else {
                        throw EvaluationError.notANumber(window: step.windows.lowerBound + 1)
                    }
                    losses.add(-prediction.logProbability)
                }
                try file?.append(model.executor.logProbabilityCodes(logits, rows: some.count))
            }
            if step.isLast { try progress(step.windows.upperBound, self) }
        }
    }
}
