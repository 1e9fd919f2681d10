import Quantizer
import GGUF

/// What `carat quantize` says of its plan.
struct QuantizationReport {
    private let plan: QuantizationPlan
    private let hasImportance: Bool

    init(_ plan: QuantizationPlan, hasImportance: Bool) {
        self.plan = plan
        self.hasImportance = hasImportance
    }

    /// A line for each tensor, then the sizes.
    var table: String {
        let width = plan.tensors.map { displayName($0.source.name).count }.max() ?? 0
        var text = ""
        for tensor in plan.tensors {
            let shown = displayName(tensor.source.name)
            let name = shown + String(repeating: " ", count: width - shown.count)
            let shape = tensor.source.shape.map(String.init).joined(separator: " x ")
            let types =
                tensor.isKept ? "\(tensor.type), as it is" : "\(tensor.source.type) -> \(tensor.type)"
            text += "\(name)  \(types)  \(shape)  \(formatBytes(tensor.byteCount))\n"
        }
        return text + warnings + sizes + "\n"
    }

    /// Lines on what the user may not expect.
    var warnings: String {
        var text = ""
        var fallbacks: [(tensor: QuantizationPlan.Tensor, names: [String])] = []
        for tensor in plan.tensors where tensor.wanted != nil {
            if let index = fallbacks.firstIndex(where: { $0.tensor.hasFallback(of: tensor) }) {
                fallbacks[index].names.append(tensor.source.name)
            } else {
                fallbacks.append((tensor, [tensor.source.name]))
            }
        }
        for (tensor, names) in fallbacks {
            let wanted = tensor.wanted ?? tensor.type
            let runs = tensor.type.isComputable ? "" : Self.cannotRun
            text +=
                "warning: rows of \(tensor.source.columnCount) weights are no multiple of \(wanted.blockSize): "
                + "\(some(names)): \(tensor.type) instead of \(wanted)\(runs)\n"
        }
        let chosen = plan.tensors.filter { $0.wanted == nil && !$0.type.isComputable }
        for (type, tensors) in Dictionary(grouping: chosen, by: \.type).sorted(by: { $0.key.name < $1.key.name }) {
            text += "warning: \(some(tensors.map(\.source.name))): \(type)\(Self.cannotRun)\n"
        }
        let lacking = plan.tensors.filter(\.lacksImportance).map(\.source.name)
        if hasImportance, !lacking.isEmpty {
            text += "note: the importance matrix says nothing of \(some(lacking))\n"
        }
        return text
    }

    private static let cannotRun = ", with which Carat cannot compute"

    private func some(_ names: [String]) -> String {
        displayName(names.first ?? "") + (names.count > 1 ? " and \(names.count - 1) more" : "")
    }

    func summary(_ path: String, after time: Duration) -> String {
        "\(path): \(sizes) in \(formatSeconds(time / .seconds(1)))\n"
    }

    /// "4.67 GiB -> 1.51 GiB, 5.18 bits per weight"
    private var sizes: String {
        let bits = Double(plan.byteCount) * 8 / Double(max(plan.weightCount, 1))
        return "\(formatBytes(plan.sourceByteCount)) -> \(formatBytes(plan.byteCount)), "
            + "\(bits.fixed(2)) bits per weight"
    }
}

extension QuantizationPlan.Tensor {
    /// Whether both got the same type instead of the same other, for the same reason.
    fileprivate func hasFallback(of other: QuantizationPlan.Tensor) -> Bool {
        type == other.type && wanted == other.wanted && source.columnCount == other.source.columnCount
    }
}
