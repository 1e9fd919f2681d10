/// A line on the terminal for work that takes a while: bar, count, rate, time left. Silent where stderr is no terminal.
struct ProgressBar {
    private let label: String
    private let units: String
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var isShown = false

    /// Work that is over sooner than this shows nothing.
    private static let quietSeconds = 0.5

    /// `plural` is for units that are not made plural by an s.
    init(_ label: String, unit: String, plural: String? = nil) {
        self.label = label
        units = plural ?? unit + "s"
        start = clock.now
    }

    /// `figure`: what is known so far, in short.
    mutating func update(_ done: Int, of total: Int, figure: String = "") {
        guard Output.stderrIsTerminal, total > 0 else { return }
        let elapsed = (clock.now - start) / .seconds(1)
        guard isShown || elapsed > Self.quietSeconds || done == 0 && total > 256 else { return }
        isShown = true
        let width = 24
        let filled = width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        var line = "\r\(label) \(bar) \(done)/\(total) \(units)"
        if !figure.isEmpty { line += "  \(figure)" }
        if done > 0, elapsed > 0 {
            let rate = Double(done) / elapsed
            line += "  \(rate.fixed(1)) \(units)/s  ETA \(formatSeconds(Double(total - done) / rate))"
        }
        Output.note(line + "\u{1B}[K")
    }

    /// Takes the line away.
    mutating func finish() {
        guard isShown else { return }
        isShown = false
        Output.note("\r\u{1B}[K")
    }
}
