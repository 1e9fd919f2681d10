import Conversion
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
        let width = plan.tensors.map(\.source.name.count).max() ?? 0
        var text = ""
        for tensor in plan.tensors {
            let name = tensor.source.name + String(repeating: " ", count: width - tensor.source.name.count)
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
        for tensor in plan.tensors {
            guard let wanted = tensor.wanted else { continue }
            let runs = tensor.type.isComputable ? "" : ", with which Carat cannot compute"
            text +=
                "warning: \(tensor.source.name) has rows of \(tensor.source.columnCount) weights, no multiple of "
                + "\(wanted.blockSize): it gets \(tensor.type) instead of \(wanted)\(runs)\n"
        }
        let lacking = plan.tensors.filter(\.lacksImportance).map(\.source.name)
        if hasImportance, let first = lacking.first {
            let names = lacking.count == 1 ? first : "\(first) and \(lacking.count - 1) more"
            text += "note: the importance matrix says nothing of \(names)\n"
        }
        return text
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
