internal import Compute
internal import GGUF
internal import Gemma

/// Adds up the squares of each projection's inputs, column by column, while a model runs.
///
/// Projections that share an input share its sums: query, key and value; gate and up. What is added counts only when it
/// is kept, so a window that was not finished leaves nothing behind.
final class ImportanceCollector {
    /// Tensors that read one input.
    private final class Group {
        let tensors: [String]
        let pending: ColumnSquares
        var totals: [Double]
        var rows = 0

        init(_ weights: Weight...) {
            tensors = weights.map(\.name)
            let columns = weights.first?.columns ?? 1
            pending = ColumnSquares(columns: columns)
            totals = Array(repeating: 0, count: columns)
        }
    }

    private let layers: [[ForwardStep: Group]]
    private let output: Group?

    init(_ model: GemmaModel, withOutput: Bool) {
        layers = model.weights.layers.map { layer in
            [
                .attentionNorm: Group(layer.query, layer.key, layer.value),
                .attention: Group(layer.attentionOutput),
                .feedForwardNorm: Group(layer.gate, layer.up),
                .gated: Group(layer.down),
            ]
        }
        output = withOutput ? Group(model.weights.output) : nil
    }

    /// A step of the forward pass has this result; most are no input of a projection.
    func add(_ step: ForwardStep, layer: Int?, _ result: Matrix, rows: Int, executor: Executor) {
        let reader = layer.map { layers[$0][step] } ?? (step == .outputNorm ? output : nil)
        if let reader { executor.addSquares(of: result, rows: rows, to: reader.pending) }
    }

    /// Makes what was added since the last call count.
    func keep() {
        for group in groups {
            group.rows += group.pending.rows
            group.pending.move(to: &group.totals)
        }
    }

    /// A tensor whose sums are no finite numbers, or nil.
    var notFinite: String? { groups.first { !$0.totals.allSatisfy(\.isFinite) }?.tensors.first }

    /// Every tensor with its sums and the number of rows that they are over, in the order of the names.
    var entries: [(tensor: String, squares: [Double], rows: Int)] {
        groups.flatMap { group in
            group.tensors.map { (tensor: $0, squares: group.totals, rows: group.rows) }
        }.sorted { $0.tensor < $1.tensor }
    }

    private var groups: [Group] {
        let steps: [ForwardStep] = [.attentionNorm, .attention, .feedForwardNorm, .gated]
        return layers.flatMap { layer in steps.compactMap { layer[$0] } } + [output].compactMap(\.self)
    }
}
