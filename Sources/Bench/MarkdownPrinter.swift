internal import Charts
internal import Compute
internal import Planner

/// llama-bench's table, with the columns that differ between tests, and what was achieved of the machine's limits.
struct MarkdownPrinter: RecordPrinter {
    private let columns: [Column]

    private struct Column {
        let title: String
        let width: Int
        var isText = false
        let value: (BenchRecord) -> String
    }

    init(_ tests: [BenchTest]) {
        func differs<Value: Equatable>(_ value: (BenchTest) -> Value, from standard: Value) -> Bool {
            tests.contains { value($0) != standard }
        }
        var columns = [
            Column(title: "model", width: 24, isText: true) { Self.cell($0.facts.type) },
            Column(title: "size", width: 10) { Self.size($0.facts.size) },
            Column(title: "params", width: 9) { Self.count($0.facts.parameters) },
            Column(title: "backend", width: 7, isText: true) { _ in "CPU" },
            Column(title: "threads", width: 7) { "\($0.test.threads)" },
        ]
        if tests.contains(where: { $0.prefillThreads != $0.threads }) {
            columns.append(Column(title: "tb", width: 4) { "\($0.test.prefillThreads)" })
        }
        if differs(\.batch, from: 2048) { columns.append(Column(title: "n_batch", width: 7) { "\($0.test.batch)" }) }
        if differs(\.ubatch, from: 512) { columns.append(Column(title: "n_ubatch", width: 8) { "\($0.test.ubatch)" }) }
        if differs(\.keyElement, from: .f16) {
            columns.append(Column(title: "type_k", width: 6) { $0.test.keyElement.rawValue })
        }
        if differs(\.valueElement, from: .f16) {
            columns.append(Column(title: "type_v", width: 6) { $0.test.valueElement.rawValue })
        }
        if differs(\.precision, from: .auto) {
            columns.append(Column(title: "precision", width: 9) { $0.test.precision.rawValue })
        }
        columns += [
            Column(title: "test", width: 16) { $0.test.name },
            Column(title: "t/s", width: 18) {
                "\($0.rates.mean.decimals(2)) ± \($0.rates.standardDeviation.decimals(2))"
            },
            Column(title: "median", width: 9) { $0.rates.median.decimals(2) },
        ]
        if differs(\.sequences, from: 1) {
            columns.append(
                Column(title: "t/s each", width: 9) {
                    ($0.rates.median / Double($0.test.sequences)).decimals(2)
                })
        }
        columns += [
            Column(title: "GB/s", width: 6) { ($0.bandwidth * 1e-9).decimals(1) },
            Column(title: "of reads", width: 8) { Self.percent($0.bandwidthShare) },
            Column(title: "MAC/cycle", width: 9) { $0.multiplyAddsPerCycle.decimals(1) },
            Column(title: "of sgemm", width: 8) { Self.percent($0.sgemmShare) },
            Column(title: "peak MiB", width: 8) { $0.peakMemory.map { "\($0 >> 20)" } ?? "" },
        ]
        self.columns = columns
    }

    var header: String {
        let titles = columns.map { Self.padded($0.title, $0) }
        let rules = columns.map { column in
            String(repeating: "-", count: column.width - 1) + (column.isText ? "-" : ":")
        }
        return Self.line(titles) + Self.line(rules)
    }

    mutating func row(_ record: BenchRecord) -> String { Self.line(columns.map { Self.padded($0.value(record), $0) }) }

    func footer(machine: MachineState, limits: MachineLimits) -> String {
        "\nmachine: \(machine.summary)\nlimits: \(limits.summary)\n"
    }

    private static func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }

    private static func padded(_ text: String, _ column: Column) -> String {
        let spaces = String(repeating: " ", count: max(0, column.width - text.count))
        return column.isText ? text + spaces : spaces + text
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 1 << 30
            ? (Double(bytes) / 1_048_576).decimals(2) + " MiB" : (Double(bytes) / 1_073_741_824).decimals(2) + " GiB"
    }

    private static func count(_ parameters: Int) -> String {
        parameters < 1_000_000_000
            ? (Double(parameters) / 1e6).decimals(2) + " M" : (Double(parameters) / 1e9).decimals(2) + " B"
    }

    static func percent(_ share: Double?) -> String { share.map { "\((100 * $0).decimals(0)) %" } ?? "" }

    /// Text from a file that cannot end the cell or the line.
    static func cell(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0 == "|" ? "?" : $0 }))
    }
}
