/// A line on the terminal for work that takes a while: bar, count, rate, time left. Always one line, however
/// narrow the terminal. Silent where stderr is no terminal.
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
        var parts = (figure: figure.isEmpty ? "" : "  \(figure)", rate: "", timeLeft: "")
        if done > 0, elapsed > 0 {
            let rate = Double(done) / elapsed
            parts.rate = "  \(rate.fixed(1)) \(units)/s"
            parts.timeLeft = "  ETA \(formatSeconds(Double(total - done) / rate))"
        }
        let count = " \(done)/\(total) \(units)"
        // the last column stays free: there, some terminals go on to the next line, and all erase what stands in it
        let columns = Output.stderrColumns - 1
        let choices = [
            count + parts.figure + parts.rate + parts.timeLeft, count + parts.figure + parts.timeLeft,
            count + parts.timeLeft,
        ]
        let room = choices.map { columns - label.count - 1 - $0.count }
        let line: String
        if let index = room.firstIndex(where: { $0 >= Self.narrowest }) {
            line = "\(label) \(Self.bar(done, of: total, width: min(room[index], Self.widest)))\(choices[index])"
        } else {
            line = String((label + count + parts.timeLeft).prefix(columns))
        }
        Output.note("\r" + line + "\u{1B}[K")
    }

    /// Columns of the bar. Where the terminal leaves fewer than the narrowest, parts of the line give way.
    private static let widest = 24
    private static let narrowest = 4

    private static func bar(_ done: Int, of total: Int, width: Int) -> String {
        let filled = min(max(width * done / total, 0), width)
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    }

    /// Takes the line away.
    mutating func finish() {
        guard isShown else { return }
        isShown = false
        Output.note("\r\u{1B}[K")
    }
}
