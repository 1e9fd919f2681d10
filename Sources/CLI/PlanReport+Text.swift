import Compute
import Planner

extension PlanReport {
    /// The report for people.
    var text: String {
        var lines: [String] = []
        let budget = precision == Precision.auto.rawValue ? ", error budget \(percent(error_budget))" : ""
        lines.append("\(model): precision \(precision)\(budget)")
        lines.append(
            "machine   \(machine.cpu); \(machine.instruction_set) kernels; \(machine.threads) threads"
                + (machine.prefill_threads == machine.threads ? "" : ", \(machine.prefill_threads) in prefill")
                + "; costs \(machine.costs)")
        lines.append("BLAS      \(machine.blas)")
        lines.append(
            "limits    reads \(giga(machine.read_bytes_per_second_one_thread)) GB/s with one thread, "
                + "\(giga(machine.read_bytes_per_second)) with all; sgemm \(giga(machine.sgemm_flops_one_thread)) and "
                + "\(giga(machine.sgemm_flops)) GFLOP/s; a parallel region \(formatTime(machine.region_seconds))")
        lines.append("")
        lines += table
        lines.append("")
        lines += crossovers
        lines.append(
            "The faster path is that of one core, so that results do not depend on threads; times are the team's.")
        lines.append("")
        lines.append(
            "predicted pp512 \(whole_model.pp512.fixed(1)) tokens/s, tg128 \(whole_model.tg128.fixed(1)) tokens/s")
        if let pp = whole_model.measured_pp512, let tg = whole_model.measured_tg128 {
            lines.append(
                "measured  pp512 \(pp.fixed(1)) tokens/s (\((pp / whole_model.pp512).fixed(2)) x), "
                    + "tg128 \(tg.fixed(1)) tokens/s (\((tg / whole_model.tg128).fixed(2)) x)")
        }
        if whole_model.may_stay_in_caches {
            lines.append("Predictions read weights from memory; so small a model may stay in caches and decode faster.")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var isChecked: Bool { weights.contains { $0.choices.contains { $0.measured_seconds != nil } } }

    private var table: [String] {
        var header = ["weight", "layers", "format", "shape", "error", "n", "path", "threads", "time"]
        header += isChecked ? ["measured", "ratio", "other path"] : ["other path"]
        var rows = [header + ["why"]]
        for (group, planned) in zip(weights, groups) {
            for (index, choice) in group.choices.enumerated() {
                let first = [
                    group.weight, planned.layerText, group.format, "\(group.rows) x \(group.columns)",
                    errorText(group),
                ]
                var row = index == 0 ? first : first.map { _ in "" }
                row += ["\(choice.n)", Self.pathName(choice.path), "\(choice.threads)"]
                row.append(formatTime(choice.predicted_seconds))
                if isChecked {
                    row.append(choice.measured_seconds.map(formatTime) ?? "-")
                    row.append(choice.ratio?.fixed(2) ?? "-")
                }
                let other = choice.alternatives.first { $0.path != choice.path }
                row.append(other.map { formatTime($0.seconds) } ?? "-")
                rows.append(row + [reason(choice.reason)])
            }
        }
        let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let isNumber = Set(["n", "threads", "time", "measured", "ratio", "other path"])
        return rows.map { row in
            row.enumerated().map { column, cell in
                guard column < widths.count else { return cell }
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return (isNumber.contains(header[column]) ? space + cell : cell + space) + "  "
            }.joined()
        }
    }

    /// One line per format and way of crossing.
    private var crossovers: [String] {
        var lines: [(text: String, weights: [String])] = []
        for group in weights {
            let text =
                group.crossover.map { "\(group.format): sgemm is the faster path from n = \($0)" }
                ?? "\(group.format): dot products are the faster path at every n"
            if let index = lines.firstIndex(where: { $0.text == text }) {
                if !lines[index].weights.contains(group.weight) { lines[index].weights.append(group.weight) }
            } else {
                lines.append((text, [group.weight]))
            }
        }
        return lines.map { "\($0.text) (\($0.weights.joined(separator: ", ")))" }
    }

    static func pathName(_ path: String) -> String { path == MatmulPath.blas.rawValue ? "sgemm" : "dot" }

    private func errorText(_ group: Group) -> String {
        let (low, high) = (percent(group.error_min), percent(group.error_max))
        if group.error_max == 0 { return "none" }
        return low == high ? high : "\(low) - \(high)"
    }

    private func reason(_ name: String) -> String {
        switch Plan.Reason(rawValue: name) {
        case .faster: "faster on one core"
        case .withinBudget: "faster on one core, error within budget"
        case .overBudget: "error of dot products over budget"
        case .fullPrecision: "full precision is asked for"
        case .singlePosition: "single position"
        case .uniform, nil: name
        }
    }

    private func percent(_ x: Double) -> String { (100 * x).fixed(2) + " %" }
    private func giga(_ x: Double) -> String { (x / 1e9).fixed(1) }
}

/// 0.0000123 is "12.3 µs".
func formatTime(_ seconds: Double) -> String {
    switch seconds {
    case ..<1e-3: "\((seconds * 1e6).fixed(1)) µs"
    case ..<1: "\((seconds * 1e3).fixed(2)) ms"
    default: "\(seconds.fixed(2)) s"
    }
}
