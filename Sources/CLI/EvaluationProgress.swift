/// Progress of a judgement: one line that is redrawn on a terminal, else a line every few seconds.
struct EvaluationProgress {
    private let label: String
    private let unit: String
    private let total: Int
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant
    private var isShown = false

    private static let redraw = Duration.milliseconds(200)
    private static let plainLine = Duration.seconds(5)

    init(_ label: String, unit: String, total: Int) {
        self.label = label
        self.unit = unit
        self.total = total
        shown = start
    }

    /// Seconds since the work began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// - Parameter figure: what is known so far, in short.
    mutating func update(_ done: Int, figure: String = "") {
        let now = ContinuousClock.now
        guard now - shown >= (Output.stderrIsTerminal ? Self.redraw : Self.plainLine), done < total || isShown else {
            return
        }
        (shown, isShown) = (now, true)
        var parts = ["\(label) \(done)/\(total) \(unit)"]
        if !figure.isEmpty { parts.append(figure) }
        if done > 0 { parts.append("ETA \(formatSeconds(seconds / Double(done) * Double(total - done)))") }
        let line = parts.joined(separator: " | ")
        Output.note(Output.stderrIsTerminal ? "\r\(line)\u{1B}[K" : line + "\n")
    }

    /// Takes the line away from the terminal.
    mutating func finish() {
        guard isShown else { return }
        isShown = false
        if Output.stderrIsTerminal { Output.note("\r\u{1B}[K") }
    }
}
