internal import Compute
internal import Planner

/// Results as one page to look at and to share: charts, tables and the machine, with nothing fetched from elsewhere.
package struct ReportPage {
    let machine: MachineState
    let limits: MachineLimits
    let records: [BenchRecord]
    let kernels: [KernelRecord]

    package init(machine: MachineState, limits: MachineLimits, records: [BenchRecord], kernels: [KernelRecord]) {
        self.machine = machine
        self.limits = limits
        self.records = records
        self.kernels = kernels
    }

    /// Depths that show how speed falls as the context grows, as far as it goes with every test of `matrix`.
    package static func depths(fitting models: [ModelFacts], matrix: TestMatrix) -> [Int] {
        let pairs = matrix.pairs.map { $0.0 + $0.1 }
        let longest = (matrix.prompts + matrix.generated + pairs).max() ?? 0
        let room = (models.map(\.contextLength).min() ?? 0) - longest
        return [0, 512, 1024, 2048, 4096].filter { $0 == 0 || $0 <= room }
    }

    package var html: String {
        let models = Set(records.map(\.facts.type)).sorted().joined(separator: ", ")
        let title = "Carat bench" + (models.isEmpty ? ": kernels" : ": \(models)")
        let time = records.last?.time ?? ""
        var body = """
            <header>
            <h1>\(title.html)</h1>
            <p>\(machine.cpu.html), \(machine.cores) cores, \(machine.instructionSet.rawValue.html) kernels\
            \(time.isEmpty ? "" : ", \(time.html)")</p>
            </header>

            """
        if !records.isEmpty {
            body += section(
                "Speed over context depth",
                """
                A prompt attends to all positions before it; each generated token reads all weights and the keys and \
                values so far. Marks are medians, bars go from the slowest run to the fastest.
                """,
                [
                    PageChart.overDepth(records.filter { $0.test.generated == 0 }, title: "Prompt (pp)"),
                    PageChart.overDepth(records.filter { $0.test.prompt == 0 }, title: "Generation (tg)"),
                ])
        }
        let shown = kernels.filter { $0.instructionSet == machine.instructionSet && $0.multiplyAdds != nil }
        if !shown.isEmpty {
            body += section(
                "Roofline of the kernels",
                """
                Each mark is a kernel at one number of positions n. Left of the bend reading the weights bounds it, right \
                of it arithmetic.
                """, [PageChart.roofline(shown, limits: limits)])
            body += section(
                "Where the paths cross",
                "Arithmetic of each core by the number of positions in one call: the higher path is the faster one.",
                PageChart.crossovers(shown))
        }
        if !records.isEmpty { body += section("Results", "", [Self.table(records)]) }
        if !kernels.isEmpty { body += section("Kernels", "", [Self.table(kernels)]) }
        body += section("Machine", "", [machineTable])
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title.html)</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private func section(_ title: String, _ text: String, _ parts: [String?]) -> String {
        let parts = parts.compactMap { $0 }
        guard !parts.isEmpty else { return "" }
        let note = text.isEmpty ? "" : "<p>\(text.html)</p>\n"
        return """
            <section>
            <h2>\(title.html)</h2>
            \(note)<div class="\(parts.count > 1 ? "grid" : "single")">
            \(parts.joined(separator: "\n"))
            </div>
            </section>

            """
    }

    private var machineTable: String {
        let fields = [Field("cpu", .string(machine.cpu))] + machine.fields + limits.fields(threads: mostThreads)
        let rows = fields.map { "<tr><th>\($0.name.html)</th><td>\(Self.text($0.value).html)</td></tr>" }
        return "<div class=\"scroll\"><table class=\"facts\">\(rows.joined(separator: "\n"))</table></div>"
    }

    private var mostThreads: Int { limits.readBandwidth.keys.max() ?? 1 }

    private static func table(_ records: [BenchRecord]) -> String {
        table(
            [
                "model", "test", "precision", "threads", "t/s median", "± MAD", "min", "max", "GB/s", "of reads",
                "MAC/cycle", "of sgemm", "peak MiB",
            ],
            texts: 3,
            records.map { r in
                let ts = r.rates
                return [
                    "\(r.facts.type), \(r.facts.filename.split(separator: "/").last.map(String.init) ?? "")",
                    r.test.name, r.test.precision.rawValue, "\(r.workThreads)", ts.median.decimals(2),
                    ts.medianAbsoluteDeviation.decimals(2), ts.minimum.decimals(2), ts.maximum.decimals(2),
                    (r.bandwidth * 1e-9).decimals(1), MarkdownPrinter.percent(r.bandwidthShare),
                    r.multiplyAddsPerCycle.decimals(1), MarkdownPrinter.percent(r.sgemmShare),
                    r.peakMemory.map { "\($0 >> 20)" } ?? "",
                ]
            })
    }

    private static func table(_ records: [KernelRecord]) -> String {
        table(
            ["format", "isa", "path", "n", "GB/s", "MAC/cycle", "cycles/element", "GFLOP/s", "limit", "of it"],
            texts: 3,
            records.map { r in
                [
                    r.format, r.instructionSet.rawValue, r.path.rawValue, r.positions.map { "\($0)" } ?? "",
                    (r.bytesPerSecond * 1e-9).threeDigits, r.multiplyAddsPerCycle.map(\.threeDigits) ?? "",
                    r.cyclesPerElement.threeDigits, r.multiplyAddRate.map { (2e-9 * $0).threeDigits } ?? "",
                    r.limit?.bound.rawValue ?? "", MarkdownPrinter.percent(r.limitShare),
                ]
            })
    }

    /// The first `texts` columns are aligned to the left.
    private static func table(_ titles: [String], texts: Int, _ rows: [[String]]) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            let cells = cells.enumerated().map { index, cell in
                "<\(tag)\(index < texts ? " class=\"text\"" : "")>\(cell.html)</\(tag)>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        let body = rows.map { row($0, "td") }.joined(separator: "\n")
        return """
            <div class="scroll"><table>
            <thead>\(row(titles, "th"))</thead>
            <tbody>
            \(body)
            </tbody>
            </table></div>
            """
    }

    private static func text(_ value: FieldValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): number.threeDigits
        case .bool(let flag): flag ? "yes" : "no"
        case .list(let values): values.map(text).joined(separator: " ")
        case .missing: "unknown"
        }
    }
}

extension String {
    /// As HTML text or attribute: names of models and files come from outside.
    var html: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _ where scalar.value < 32: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
