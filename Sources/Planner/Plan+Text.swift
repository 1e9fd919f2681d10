public import Compute

/// Weights of one class and format that are computed in the same ways.
public struct PlanGroup: Sendable {
    public let weightClass: WeightClass
    /// nil for weights outside of the layers.
    public let layers: [Int]?
    /// Places of the weights in the plan.
    public let indices: [Int]
    public let format: WeightFormat

    /// The layers in short: "0-3, 5".
    public var layerText: String {
        guard let layers else { return "-" }
        var parts: [String] = []
        var index = 0
        while index < layers.count {
            var last = index
            while last + 1 < layers.count, layers[last + 1] == layers[last] + 1 { last += 1 }
            parts.append(last == index ? "\(layers[index])" : "\(layers[index])-\(layers[last])")
            index = last + 1
        }
        return parts.joined(separator: ", ")
    }
}

extension Plan {
    /// The weights in groups of one class, format, shape, and the same choices and reasons in all buckets.
    public var groups: [PlanGroup] {
        struct Key: Hashable {
            let weightClass: WeightClass
            let format: WeightFormat
            let rows: Int
            let columns: Int
            let isInLayer: Bool
            let choices: [String]
        }
        var order: [Key] = []
        var members: [Key: [Int]] = [:]
        for (index, weight) in weights.enumerated() {
            let choices = PositionBucket.all.map { bucket in
                let n = bucket.typical
                let choice = choice(layer: weight.layer, weight.weightClass, positions: n)
                let reason = reason(layer: weight.layer, weight.weightClass, positions: n)
                return "\(choice.path.rawValue) \(choice.threads) \(reason.rawValue)"
            }
            let key = Key(
                weightClass: weight.weightClass, format: weight.format, rows: weight.rows, columns: weight.columns,
                isInLayer: weight.layer != nil, choices: choices)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(index)
        }
        let groups = order.map { key in
            let indices = members[key] ?? []
            return PlanGroup(
                weightClass: key.weightClass, layers: key.isInLayer ? indices.compactMap { weights[$0].layer } : nil,
                indices: indices, format: key.format)
        }
        return groups.sorted { ($0.weightClass.number, $0.indices[0]) < ($1.weightClass.number, $1.indices[0]) }
    }
}

extension Plan: CustomStringConvertible {
    /// A few lines for a reader: the paths of each group of weights.
    public var description: String {
        guard uniform == nil else { return "plan: \(uniformText)" }
        let budget = precision == .auto ? ", error budget \(percent(errorBudget))" : ""
        let source = costs.isMeasured ? "measured costs" : "built-in costs"
        var rows = [["plan: precision \(precision.rawValue)\(budget), \(source); n = positions in one forward call"]]
        rows += groups.map { group in
            let layers = group.layers == nil ? "" : "layers \(group.layerText)"
            return ["  " + group.weightClass.rawValue, layers, group.format.rawValue, pathText(of: group)]
        }
        let widths = (0..<3).map { column in rows.dropFirst().map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                row.count == 1 || column == 3
                    ? text : text + String(repeating: " ", count: widths[column] - text.count + 2)
            }.joined()
        }.joined(separator: "\n")
    }

    /// "int8 for n <= 8, sgemm from there on", with the reason where it is not speed.
    private func pathText(of group: PlanGroup) -> String {
        let weight = weights[group.indices[0]]
        var runs: [(path: MatmulPath, reason: Reason, first: Int)] = []
        for bucket in PositionBucket.all {
            let choice = choice(layer: weight.layer, weight.weightClass, positions: bucket.lowerBound)
            let reason = reason(layer: weight.layer, weight.weightClass, positions: bucket.lowerBound)
            if runs.last?.path != choice.path { runs.append((choice.path, reason, bucket.lowerBound)) }
        }
        return runs.enumerated().map { index, run in
            let name = run.path == .quant ? "dot products" : "sgemm"
            let end = index + 1 < runs.count ? runs[index + 1].first - 1 : nil
            let span =
                switch (run.first, end) {
                case (1, nil): "at every n"
                case (_, nil): "from n = \(run.first)"
                case (_, .some(let end)) where end == run.first: "for n = \(end)"
                case (_, .some(let end)): "for n = \(run.first)-\(end)"
                }
            let worst = group.indices.map { error(of: $0) }.max() ?? 0
            return "\(name) \(span)" + (run.reason == .overBudget ? " (error \(percent(worst)))" : "")
        }.joined(separator: ", ")
    }

    private var uniformText: String { choice(layer: nil, .output, positions: 1).path.rawValue + " for everything" }

    private func percent(_ x: Double) -> String {
        let hundredths = Int((min(max(x, 0), 1e6) * 10_000).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) %"
    }
}
