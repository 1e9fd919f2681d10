import BatchRunner
import Synchronization

/// Shows a batch's progress: one line that is redrawn on a terminal, else a line every few seconds; and the metrics file.
final class BatchMonitor: Sendable {
    private let metrics: MetricsFile?
    private let shard: Shard
    private let last = Mutex(Last())

    private struct Last {
        var shown: ContinuousClock.Instant?
        var measured: ContinuousClock.Instant?
        var hasFailed = false
    }

    private static let redraw = Duration.milliseconds(200)
    private static let plainLine = Duration.seconds(5)
    private static let metricsAge = Duration.seconds(5)

    init(metrics: String?, shard: Shard) {
        self.metrics = metrics.map { MetricsFile($0) }
        self.shard = shard
    }

    /// Called for each result and every second.
    func report(_ progress: BatchProgress) {
        let now = ContinuousClock.now
        last.withLock { last in
            if isDue(last.shown, now, Output.stderrIsTerminal ? Self.redraw : Self.plainLine) {
                last.shown = now
                Output.note(Output.stderrIsTerminal ? "\r\(progress.line)\u{1B}[K" : progress.line + "\n")
            }
            if isDue(last.measured, now, Self.metricsAge) {
                last.measured = now
                write(progress, &last)
            }
        }
    }

    /// The last word: metrics, and a line that stays.
    func finish(_ progress: BatchProgress, output: String) {
        last.withLock { write(progress, &$0) }
        if Output.stderrIsTerminal { Output.note("\r\u{1B}[K") }
        Output.note(progress.line + "\n")
        if progress.isCancelled {
            Output.note("Interrupted; run the same command again to go on.\n")
        } else if progress.failed > 0 {
            Output.note("\(progress.failed) of \(progress.total) lines failed; their results say why.\n")
        }
    }

    private func isDue(
        _ before: ContinuousClock.Instant?, _ now: ContinuousClock.Instant, _ age: Duration
    ) -> Bool {
        before.map { now - $0 >= age } ?? true
    }

    /// A batch goes on without its metrics; the first failure is told.
    private func write(_ progress: BatchProgress, _ last: inout Last) {
        do { try metrics?.write(progress, shard: shard) } catch {
            if !last.hasFailed { Output.note("warning: --metrics-file: \(error)\n") }
            last.hasFailed = true
        }
    }
}

extension BatchProgress {
    /// "12/200 lines, 1 failed | 34.5 K tokens at 512.3/s | 20.1 K cached | ETA 3 min 2 s"
    var line: String {
        var parts = ["\(done)/\(total) lines" + (failed > 0 ? ", \(failed) failed" : "")]
        if resumed > 0 { parts[0] += " (\(resumed) from before)" }
        if let rate = tokensPerSecond { parts.append("\(formatCount(tokens)) tokens at \(rate.fixed(1))/s") }
        if cachedTokens > 0 { parts.append("\(formatCount(cachedTokens)) cached") }
        if done < total, let seconds = remainingSeconds { parts.append("ETA \(formatSeconds(seconds))") }
        return parts.joined(separator: " | ")
    }
}
