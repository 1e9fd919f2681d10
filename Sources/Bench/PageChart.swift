internal import Charts
internal import Compute
internal import Planner

/// The charts of a report.
enum PageChart {
    private static let colors = 9

    /// Tokens per second over the positions in the cache; nil without records.
    static func overDepth(_ records: [BenchRecord], title: String) -> String? {
        guard !records.isEmpty else { return nil }
        // one line for each combination of all else
        var names: [String] = []
        var groups: [String: [BenchRecord]] = [:]
        for record in records {
            let name = seriesName(record, among: records)
            if groups[name] == nil { names.append(name) }
            groups[name, default: []].append(record)
        }
        let series = names.enumerated().map { index, name in
            let points = (groups[name] ?? []).sorted { $0.test.depth < $1.test.depth }.map { record in
                let ts = record.rates
                return Chart.Point(
                    x: Double(record.test.depth), y: ts.median,
                    title: """
                        \(name) at depth \(record.test.depth): \(ts.median.decimals(2)) tokens/s \
                        (\(ts.minimum.decimals(2)) to \(ts.maximum.decimals(2)), \(ts.count) runs)
                        """,
                    spread: ts.minimum...ts.maximum)
            }
            return Chart.Series(
                name: name, color: index % colors, points: points, isDashed: (index / colors).isMultiple(of: 2) == false
            )
        }
        let deepest = records.map { Double($0.test.depth) }.max() ?? 0
        return Chart(
            title: title, x: .linear("Context depth (positions)", upTo: max(deepest, 512)),
            y: .linear("Tokens per second", upTo: records.map(\.rates.maximum).max() ?? 1), series: series
        ).figure
    }

    /// What tells a record from the others of its chart, the depth left out.
    private static func seriesName(_ record: BenchRecord, among records: [BenchRecord]) -> String {
        var test = record.test
        test.depth = 0
        func differs<Value: Hashable>(_ value: (BenchRecord) -> Value) -> Bool { Set(records.map(value)).count > 1 }
        var parts = [test.name]
        if differs(\.facts.filename) {
            parts.append(record.facts.filename.split(separator: "/").last.map(String.init) ?? record.facts.filename)
        }
        if differs(\.test.precision) { parts.append(record.test.precision.rawValue) }
        if differs(\.workThreads) { parts.append("\(record.workThreads) threads") }
        if differs(\.test.keyElement) { parts.append("keys \(record.test.keyElement.rawValue)") }
        if differs(\.test.valueElement) { parts.append("values \(record.test.valueElement.rawValue)") }
        if differs(\.test.batch) { parts.append("batch \(record.test.batch)") }
        if differs(\.test.ubatch) { parts.append("ubatch \(record.test.ubatch)") }
        return parts.joined(separator: ", ")
    }

    /// Multiply-adds per second over multiply-adds per byte of weights, under the machine's roofs.
    static func roofline(_ records: [KernelRecord], limits: MachineLimits) -> String? {
        let threads = records.map(\.threads).max() ?? 1
        let points = records.compactMap { record in record.intensity.map { ($0, (record.multiplyAddRate ?? 0) * 1e-9) }
        }
        guard let leftmost = points.map(\.0).min(), let rightmost = points.map(\.0).max() else { return nil }
        let reads = (limits.readBandwidth[threads] ?? 0) * 1e-9
        let compute: [(rate: Double, name: String)] = [
            limits.int8Rate.map { ($0 * Double(threads) * 1e-9, "int8 peak") },
            limits.floatRate.map { ($0 * Double(threads) * 1e-9, "Float peak") },
            limits.sgemmRate[threads].map { ($0 * 1e-9, "sgemm") },
        ].compactMap { $0 }
        let x = ChartAxis.logarithmic("Multiply-adds per byte of weights", [leftmost, rightmost], base: 2)
        let highest = (compute.map(\.rate) + points.map(\.1)).max() ?? 1
        let y = ChartAxis.logarithmic(
            "Giga multiply-adds per second", points.map(\.1) + [highest * 1.2], base: 10)

        let end = x.ticks.last.map { max($0, rightmost) } ?? rightmost
        var roofs: [Chart.Roof] = []
        if reads > 0, let top = compute.map(\.rate).max() {
            let bend = top / reads
            // the label stands at the lower end, where no other is
            let start = max(leftmost, (y.ticks.first ?? 0) / reads)
            roofs.append(Chart.Roof(points: [(bend, top), (start, reads * start)], label: ""))
        }
        for (index, roof) in compute.enumerated() {
            let bend = reads > 0 ? roof.rate / reads : leftmost
            // sgemm comes close to the Float peak: one label above, one below
            roofs.append(
                Chart.Roof(
                    points: [(max(bend, leftmost), roof.rate), (end, roof.rate)],
                    label: "\(roof.name) \(roof.rate.threeDigits)", isBelow: index == 2,
                    labelIndent: index == 1 ? 70 : 8))
        }
        let formats = unique(records.map(\.format))
        let series = formats.enumerated().flatMap { index, format in
            [(KernelRecord.Path.quantized, Chart.Mark.circle), (.blas, .square)].compactMap {
                path, mark -> Chart.Series? in
                let points = records.filter { $0.format == format && $0.path == path }.compactMap { record in
                    record.intensity.map { intensity in
                        Chart.Point(
                            x: intensity, y: (record.multiplyAddRate ?? 0) * 1e-9, title: title(of: record))
                    }
                }
                return points.isEmpty
                    ? nil
                    : Chart.Series(
                        name: "\(format) \(path.rawValue)", color: index % colors, points: points, mark: mark,
                        hasLine: false)
            }
        }
        let bandwidth = reads > 0 ? "; the slope is \(reads.decimals(1)) GB/s of reads" : ""
        return Chart(
            title: "\(threads) \(threads == 1 ? "thread" : "threads")\(bandwidth)", x: x, y: y, series: series,
            roofs: roofs
        ).figure
    }

    /// A chart for each format: arithmetic of a core on both paths over n.
    static func crossovers(_ records: [KernelRecord]) -> [String] {
        unique(records.map(\.format)).enumerated().compactMap { index, format in
            let own = records.filter { $0.format == format }
            let positions = Set(own.compactMap(\.positions))
            guard positions.count > 1 else { return nil }
            let series = [(KernelRecord.Path.quantized, Chart.Mark.circle), (.blas, .square)].map { path, mark in
                Chart.Series(
                    name: path.rawValue, color: path == .blas ? 1 : 0,
                    points: own.filter { $0.path == path }.sorted { ($0.positions ?? 0) < ($1.positions ?? 0) }.map {
                        Chart.Point(
                            x: Double($0.positions ?? 1), y: $0.multiplyAddsPerCycle ?? 0, title: title(of: $0))
                    },
                    mark: mark, isDashed: path == .blas)
            }
            let highest = own.compactMap(\.multiplyAddsPerCycle).max() ?? 1
            return Chart(
                title: format, x: .logarithmic("Positions n", positions.map(Double.init), base: 2),
                y: .linear("MAC per cycle and core", upTo: highest), series: series
            ).figure
        }
    }

    private static func title(of record: KernelRecord) -> String {
        """
        \(record.format) \(record.path.rawValue), n = \(record.positions ?? 0): \
        \((record.multiplyAddsPerCycle ?? 0).threeDigits) MAC/cycle, \((record.bytesPerSecond * 1e-9).threeDigits) GB/s, \
        \(MarkdownPrinter.percent(record.limitShare)) of its limit
        """
    }

    private static func unique(_ names: [String]) -> [String] {
        names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
