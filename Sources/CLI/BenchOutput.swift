import Bench
import Compute

/// Where the records of a bench go in one format.
struct BenchSink {
    private var printer: any RecordPrinter
    private let isError: Bool

    init(_ format: RecordFormat, _ tests: [BenchTest], isError: Bool) {
        printer = format.printer(for: tests)
        self.isError = isError
    }

    func begin() throws { try put(printer.header) }

    mutating func write(_ record: BenchRecord) throws { try put(printer.row(record)) }

    func end(machine: MachineState, limits: MachineLimits) throws {
        try put(printer.footer(machine: machine, limits: limits))
    }

    private func put(_ text: String) throws {
        if isError { Output.note(text) } else { try Output.write(text) }
    }
}

extension Output {
    /// Says so where the OpenMP runtime grants fewer threads than results will name.
    static func noteThreadLimit(below threads: Int) {
        let limit = ThreadLimit.current
        guard limit < threads else { return }
        note(
            "warning: OMP_THREAD_LIMIT allows \(limit) of the \(threads) threads that results name; unset it, or take -t \(limit).\n"
        )
    }
}

/// A line on the terminal that says what is being measured. Silent where stderr is no terminal.
struct BenchStatus {
    private var isShown = false

    mutating func show(_ text: String) {
        guard Output.stderrIsTerminal else { return }
        isShown = true
        Output.note("\r\(text)\u{1B}[K")
    }

    mutating func clear() {
        guard isShown else { return }
        isShown = false
        Output.note("\r\u{1B}[K")
    }
}
