/// Progress of long work on a file: a bar on a terminal, else a line every few seconds.
struct WorkMonitor {
    private let label: String
    private let total: Int
    private var bar: ProgressBar
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now

    private static let redraw = Duration.milliseconds(200)
    private static let plainLine = Duration.seconds(5)

    /// `total`: bytes of the work.
    init(_ label: String, total: Int) {
        self.label = label
        self.total = total
        bar = ProgressBar(label, unit: "MB", plural: "MB")
    }

    mutating func update(_ done: Int) {
        let now = ContinuousClock.now
        guard now - shown >= (Output.stderrIsTerminal ? Self.redraw : Self.plainLine) else { return }
        shown = now
        let (megabytes, all) = (done / 1_000_000, total / 1_000_000)
        if Output.stderrIsTerminal { return bar.update(megabytes, of: all) }
        let elapsed = (now - start) / .seconds(1)
        let left = done > 0 ? ", ETA \(formatSeconds(elapsed * Double(total - done) / Double(done)))" : ""
        Output.note("\(label): \(megabytes)/\(all) MB\(left)\n")
    }

    mutating func finish() { bar.finish() }
}
