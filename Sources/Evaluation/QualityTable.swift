internal import Charts
package import GGUF
package import JSON

/// What a model's page says of one file.
package struct QualityRow: Sendable {
    package var name: String
    /// "Q4_K_M", as tools that quantize call it.
    package var method: String
    package var bitsPerWeight: Double
    /// Bytes of the file.
    package var bytes: Int
    package var perplexity: Estimate
    /// From the parent, nats per token; nil for the parent itself.
    package var divergence: Estimate?
    package var agreement: Estimate?
    /// Tokens per second with their standard deviation; nil where they were not measured.
    package var prefill: Estimate?
    package var decode: Estimate?
    /// Resident bytes at their most.
    package var memory: Int?

    /// What the file itself tells.
    package init(_ file: GGUFFile, name: String, perplexity: Estimate) {
        self.name = name
        method = Self.method(of: file)
        let weights = file.tensors.reduce(0) { $0 + $1.elementCount }
        let tensorBytes = file.tensors.reduce(0) { $0 + $1.byteCount }
        bitsPerWeight = weights > 0 ? 8 * Double(tensorBytes) / Double(weights) : 0
        bytes = file.bytes.count
        self.perplexity = perplexity
    }

    /// Names of `general.file_type`.
    private static let methods: [UInt32: String] = [
        0: "F32", 1: "F16", 7: "Q8_0", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S",
        15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 21: "Q2_K_S", 32: "BF16",
    ]

    /// By the file's own word, else the type that most of its bytes have.
    static func method(of file: GGUFFile) -> String {
        let type = (try? file.metadata.uint32("general.file_type")) ?? nil
        if let type, let name = methods[type] { return name }
        var bytes: [String: Int] = [:]
        for tensor in file.tensors { bytes[tensor.type.name, default: 0] += tensor.byteCount }
        return bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "unknown"
    }
}

/// Files of one model side by side: size, speed, and what each lost.
package struct QualityTable: Sendable {
    package var rows: [QualityRow]
    /// Tokens of the prompt and of the generation that were timed.
    package var promptTokens = 512
    package var generatedTokens = 128

    package init(_ rows: [QualityRow]) { self.rows = rows }

    private var titles: [String] {
        [
            "Name", "Method", "Bits/weight", "Size", "Perplexity", "KLD", "Same top", "pp\(promptTokens) t/s",
            "tg\(generatedTokens) t/s", "Memory",
        ]
    }

    private static func cells(_ row: QualityRow) -> [String] {
        func share(_ e: Estimate) -> String {
            "\((100 * e.value).decimals(2)) ± \((100 * e.standardError).decimals(2)) %"
        }
        // of a single run no deviation is known
        func speed(_ e: Estimate?) -> String {
            e.map { $0.value.decimals(2) + ($0.standardError > 0 ? " ± \($0.standardError.decimals(2))" : "") } ?? ""
        }
        return [
            row.name, row.method, row.bitsPerWeight.decimals(2), size(row.bytes),
            "\(row.perplexity.value.decimals(4)) ± \(row.perplexity.standardError.decimals(4))",
            row.divergence.map(divergence) ?? "parent",
            row.agreement.map(share) ?? "", speed(row.prefill), speed(row.decode), row.memory.map(size) ?? "",
        ]
    }

    /// With two digits that count, however small.
    private static func divergence(_ e: Estimate) -> String {
        let digits = abs(e.value) < 1e-5 ? 9 : abs(e.value) < 1e-3 ? 7 : 5
        return "\(e.value.decimals(digits)) ± \(e.standardError.decimals(digits))"
    }

    private static func size(_ bytes: Int) -> String {
        bytes >= 1 << 30
            ? (Double(bytes) / 1_073_741_824).decimals(2) + " GiB" : (Double(bytes) / 1_048_576).decimals(1) + " MiB"
    }

    /// A Markdown table for a model's page.
    package var markdown: String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        // what a name has cannot end its cell or the line
        let body = rows.map { row in
            line(Self.cells(row).map { String($0.map { $0.isNewline || $0 == "|" ? "?" : $0 }) })
        }
        let rules = titles.indices.map { $0 < 2 ? "---" : "---:" }
        return line(titles) + line(rules) + body.joined()
    }

    /// An array of objects, one for each file.
    package var json: JSONValue {
        func pair(_ name: String, _ e: Estimate?, _ error: String = "_stderr") -> [(String, JSONValue)] {
            [
                (name, e.map { .number($0.value) } ?? .null),
                (name + error, e.map { .number($0.standardError) } ?? .null),
            ]
        }
        return .array(
            rows.map { row in
                let members: [(String, JSONValue)] =
                    [
                        ("name", .string(row.name)), ("method", .string(row.method)),
                        ("bits_per_weight", .number(row.bitsPerWeight)), ("bytes", .integer(row.bytes)),
                    ] + pair("perplexity", row.perplexity) + pair("kld_mean", row.divergence)
                    + pair("same_top", row.agreement) + pair("pp\(promptTokens)", row.prefill, "_stddev")
                    + pair("tg\(generatedTokens)", row.decode, "_stddev")
                    + [("memory_bytes", row.memory.map { .integer($0) } ?? .null)]
                return .object(JSONObject(members))
            })
    }

    /// The table as a page with charts.
    ///
    /// - Parameters:
    ///   - title: the model's name.
    ///   - note: text, windows and machine.
    package func page(title: String, note: String) -> String {
        var page = Page(title: title, note: note)
        page.addSection(
            "Size against quality",
            """
            Further left is smaller, further down is closer to the full-precision parent. The divergence compares the \
            two models' distributions over all tokens at each position, so it shows losses that the perplexity's own \
            error hides. Bars are one standard error each way.
            """, [divergenceChart, perplexityChart])
        page.addSection("All figures", "", [Page.table(titles, texts: 2, rows.map(Self.cells))])
        return page.html
    }

    private var sizeAxis: ChartAxis {
        .linear(
            "Size (\(unit.name))",
            upTo: rows.filter { $0.divergence != nil }.map { Double($0.bytes) / unit.bytes }.max() ?? 1)
    }

    private var unit: (name: String, bytes: Double) {
        rows.contains { $0.bytes >= 1 << 30 } ? ("GiB", 1_073_741_824) : ("MiB", 1_048_576)
    }

    private var divergenceChart: String? {
        let points = rows.compactMap { row in
            row.divergence.map { e in
                // no logarithm of what is not above 0: it is drawn at the lower end
                let low = max(e.value - e.standardError, e.value / 10)
                return Chart.Point(
                    x: Double(row.bytes) / unit.bytes, y: e.value,
                    title:
                        "\(row.name): KLD \(e.value.decimals(6)) ± \(e.standardError.decimals(6)), \(Self.size(row.bytes))",
                    spread: low <= e.value + e.standardError ? low...e.value + e.standardError : nil, label: row.method)
            }
        }
        guard !points.isEmpty else { return nil }
        return Chart(
            title: "Mean divergence from the parent", x: sizeAxis,
            y: .logarithmic("KLD (nats per token)", points.map(\.y), base: 10),
            series: [Chart.Series(name: "", color: 0, points: points, hasLine: false)]
        ).figure
    }

    private var perplexityChart: String? {
        guard let parent = rows.first(where: { $0.divergence == nil })?.perplexity.value, rows.count > 1 else {
            return nil
        }
        let points = rows.filter { $0.divergence != nil }.map { row in
            let loss = 100 * (row.perplexity.value / parent - 1)
            return Chart.Point(
                x: Double(row.bytes) / unit.bytes, y: loss,
                title:
                    "\(row.name): perplexity \(row.perplexity.value.decimals(4)), \(loss.decimals(2)) % above the parent's",
                label: row.method)
        }
        return Chart(
            title: "Perplexity above the parent's \(parent.decimals(3))", x: sizeAxis,
            y: .linear("Perplexity (% above)", upTo: points.map(\.y).max() ?? 1),
            series: [Chart.Series(name: "", color: 1, points: points, mark: .square, hasLine: false)]
        ).figure
    }
}
