/// How results are written.
package enum RecordFormat: String, Sendable, CaseIterable {
    case md, csv, json, jsonl

    /// A printer for the results of `tests`.
    package func printer(for tests: [BenchTest]) -> any RecordPrinter {
        switch self {
        case .md: MarkdownPrinter(tests)
        case .csv: CSVPrinter()
        case .json: JSONPrinter()
        case .jsonl: JSONLinesPrinter()
        }
    }
}

/// Turns records into text one by one, so that a row can be shown as soon as it is measured.
package protocol RecordPrinter {
    var header: String { get }
    mutating func row(_ record: BenchRecord) -> String
    func footer(machine: MachineState, limits: MachineLimits) -> String
}

/// llama-bench's columns, then ours; the raw samples stand in columns of their own.
struct CSVPrinter: RecordPrinter {
    private var isFirst = true

    var header: String { "" }

    mutating func row(_ record: BenchRecord) -> String {
        let fields = record.fields + record.sampleFields
        let names = isFirst ? fields.map(\.name).joined(separator: ",") + "\n" : ""
        isFirst = false
        return names + fields.map(\.value.csv).joined(separator: ",") + "\n"
    }

    func footer(machine: MachineState, limits: MachineLimits) -> String { "" }
}

struct JSONLinesPrinter: RecordPrinter {
    var header: String { "" }

    mutating func row(_ record: BenchRecord) -> String {
        "{" + record.jsonFields.map { "\"\($0.name)\": \($0.value.json)" }.joined(separator: ", ") + "}\n"
    }

    func footer(machine: MachineState, limits: MachineLimits) -> String { "" }
}

struct JSONPrinter: RecordPrinter {
    private var isFirst = true

    var header: String { "[" }

    mutating func row(_ record: BenchRecord) -> String {
        defer { isFirst = false }
        let fields = record.jsonFields.map { "    \"\($0.name)\": \($0.value.json)" }.joined(separator: ",\n")
        return (isFirst ? "\n" : ",\n") + "  {\n\(fields)\n  }"
    }

    func footer(machine: MachineState, limits: MachineLimits) -> String { "\n]\n" }
}

extension BenchRecord {
    /// The samples after llama-bench's fields, as its JSON has them, then ours.
    fileprivate var jsonFields: [Field] {
        let count = Self.llamaBench(self).count
        return fields.prefix(count) + sampleFields + fields.dropFirst(count)
    }
}
