internal import Charts
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
        var page = Page(
            title: title,
            note: """
                \(machine.cpu), \(machine.cores) cores, \(machine.instructionSet.rawValue) kernels\
                \(time.isEmpty ? "" : ", \(time)")
                """)
        if !records.isEmpty {
            page.addSection(
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
            page.addSection(
                "Roofline of the kernels",
                """
                Each mark is a kernel at one number of positions n. Left of the bend reading the weights bounds it, right \
                of it arithmetic.
                """, [PageChart.roofline(shown, limits: limits)])
            page.addSection(
                "Where the paths cross",
                "Arithmetic of each core by the number of positions in one call: the higher path is the faster one.",
                PageChart.crossovers(shown))
        }
        if !records.isEmpty { page.addSection("Results", "", [Self.table(records)]) }
        if !kernels.isEmpty { page.addSection("Kernels", "", [Self.table(kernels)]) }
        page.addSection("Machine", "", [machineTable])
        return page.html
    }

    private var machineTable: String {
        let fields = [Field("cpu", .string(machine.cpu))] + machine.fields + limits.fields(threads: mostThreads)
        return Page.facts(fields.map { ($0.name, Self.text($0.value)) })
    }

    private var mostThreads: Int { limits.readBandwidth.keys.max() ?? 1 }

    private static func table(_ records: [BenchRecord]) -> String {
        Page.table(
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
        Page.table(
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
