internal import Charts
internal import Compute

/// How kernels' results are written.
package enum KernelFormat: String, Sendable, CaseIterable {
    case md, csv, json

    package func printer(machine: MachineState, limits: MachineLimits) -> KernelPrinter {
        KernelPrinter(format: self, machine: machine, limits: limits)
    }
}

/// Turns kernels' results into text one by one.
package struct KernelPrinter {
    fileprivate let format: KernelFormat
    fileprivate let machine: MachineState
    fileprivate let limits: MachineLimits
    private var isFirst = true

    fileprivate init(format: KernelFormat, machine: MachineState, limits: MachineLimits) {
        self.format = format
        self.machine = machine
        self.limits = limits
    }

    package var header: String {
        switch format {
        case .md: line(Self.columns.map(\.title)) + line(Self.columns.map(\.rule))
        case .csv: ""
        case .json: "["
        }
    }

    package mutating func row(_ record: KernelRecord) -> String {
        defer { isFirst = false }
        switch format {
        case .md:
            return line(Self.columns.map { $0.value(record) })
        case .csv:
            let fields = allFields(record)
            let names = isFirst ? fields.map(\.name).joined(separator: ",") + "\n" : ""
            return names + fields.map(\.value.csv).joined(separator: ",") + "\n"
        case .json:
            let fields = allFields(record).map { "\"\($0.name)\": \($0.value.json)" }.joined(separator: ", ")
            return (isFirst ? "\n" : ",\n") + "  {\(fields)}"
        }
    }

    package var footer: String {
        switch format {
        case .md:
            """

            GB/s: bytes of weights (quantize: of Floats). c/element: cycles of one core for each weight (quantize: activation).
            limit: read bandwidth x intensity, or the peak of sgemm (blas) or of registers (quant), whichever is lower.
            machine: \(machine.summary)
            limits: \(limits.summary)

            """
        case .csv: ""
        case .json: "\n]\n"
        }
    }

    private func allFields(_ record: KernelRecord) -> [Field] {
        record.fields + [Field("cpu_info", .string(machine.cpu))] + limits.fields(threads: record.threads)
            + machine.fields.filter { $0.name != "isa" }
    }

    private func line(_ cells: [String]) -> String {
        let padded = zip(Self.columns, cells).map { column, cell in
            let spaces = String(repeating: " ", count: max(0, column.width - cell.count))
            return column.isText ? cell + spaces : spaces + cell
        }
        return "| " + padded.joined(separator: " | ") + " |\n"
    }

    private struct Column: Sendable {
        let title: String
        let width: Int
        var isText = false
        let value: @Sendable (KernelRecord) -> String

        var rule: String { String(repeating: "-", count: width - 1) + (isText ? "-" : ":") }
    }

    private static let columns: [Column] = [
        Column(title: "format", width: 8, isText: true) { $0.format },
        Column(title: "isa", width: 10, isText: true) { $0.instructionSet.rawValue },
        Column(title: "path", width: 10, isText: true) { $0.path.rawValue },
        Column(title: "n", width: 5) { $0.positions.map { "\($0)" } ?? "" },
        Column(title: "time", width: 9) { KernelPrinter.time($0.seconds) },
        Column(title: "GB/s", width: 6) { ($0.bytesPerSecond * 1e-9).threeDigits },
        Column(title: "MAC/cycle", width: 9) { $0.multiplyAddsPerCycle.map(\.threeDigits) ?? "" },
        Column(title: "c/element", width: 9) { $0.cyclesPerElement.threeDigits },
        Column(title: "GFLOP/s", width: 7) { $0.multiplyAddRate.map { (2e-9 * $0).threeDigits } ?? "" },
        Column(title: "limit", width: 7, isText: true) { $0.limit?.bound.rawValue ?? "" },
        Column(title: "of it", width: 6) { MarkdownPrinter.percent($0.limitShare) },
    ]

    private static func time(_ seconds: Double) -> String {
        seconds < 1e-3 ? "\((seconds * 1e6).threeDigits) µs" : "\((seconds * 1e3).threeDigits) ms"
    }
}
