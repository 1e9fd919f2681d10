import Bench

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
