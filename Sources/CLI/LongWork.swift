/// Progress of work that takes minutes: a bar on a terminal, elsewhere a line every few seconds.
struct LongWork {
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

    mutating func update(_ done: Int) {
        let now = ContinuousClock.now
        guard now - shown >= (Output.stderrIsTerminal ? Self.redraw : Self.plainLine) else { return }
        shown = now
        guard !Output.stderrIsTerminal else { return bar.update(done, of: total) }
        let elapsed = (now - start) / .seconds(1)
        var line = "\(label): \(done)/\(total) \(units)"
        if done > 0, elapsed > 0 {
            let rate = Double(done) / elapsed
            line += ", \(rate.fixed(1)) \(units)/s, ETA \(formatSeconds(Double(total - done) / rate))"
        }
        Output.note(line + "\n")
    }

    /// Takes the bar away.
    mutating func finish() { bar.finish() }
}
