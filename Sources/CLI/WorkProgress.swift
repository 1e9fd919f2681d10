/// Progress of work that may take minutes: a bar on a terminal, elsewhere a line every few seconds.
struct WorkProgress {
    private let label: String
    private let units: String
    private let total: Int
    private var bar: ProgressBar
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant

    private static let redraw = Duration.milliseconds(100)
    private static let plainLine = Duration.seconds(5)

    /// `plural` is for units that are not made plural by an s.
    init(_ label: String, unit: String, plural: String? = nil, total: Int) {
        self.label = label
        self.total = total
        units = plural ?? unit + "s"
        bar = ProgressBar(label, unit: unit, plural: plural)
        shown = start
    }

    /// Seconds since the work began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// - Parameter figure: what is known so far, in short.
    mutating func update(_ done: Int, figure: String = "") {
        let now = ContinuousClock.now
        guard now - shown >= (Output.stderrIsTerminal ? Self.redraw : Self.plainLine) else { return }
        shown = now
        guard !Output.stderrIsTerminal else { return bar.update(done, of: total, figure: figure) }
        var line = "\(label): \(done)/\(total) \(units)"
        if !figure.isEmpty { line += ", \(figure)" }
        if done > 0, seconds > 0 {
            let rate = Double(done) / seconds
            line += ", \(rate.fixed(1)) \(units)/s, ETA \(formatSeconds(Double(total - done) / rate))"
        }
        Output.note(line + "\n")
    }

    /// Takes the bar away.
    mutating func finish() { bar.finish() }
}
