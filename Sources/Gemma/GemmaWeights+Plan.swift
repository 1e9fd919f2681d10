public import Compute
public import Planner

extension GemmaWeights.Layer {
    /// The projections with the parts they play, in the order of the forward pass.
    var classed: [(weightClass: WeightClass, weight: Weight)] {
        Array(zip(WeightClass.ofLayer, [query, key, value, attentionOutput, gate, up, down]))
    }
}

extension GemmaWeights {
    /// Each layer's projections, then the output: in the order of `planned`.
    public var projections: [Weight] { layers.flatMap { $0.classed.map(\.weight) } + [output] }

    /// What a plan needs to know of the projections: each layer's, then the output.
    public var planned: [PlannedWeight] {
        layers.enumerated().flatMap { index, layer in
            layer.classed.map { PlannedWeight(layer: index, $0.weightClass, $0.weight) }
        } + [PlannedWeight(layer: nil, .output, output)]
    }
}

extension GemmaConfig {
    /// The sizes that predictions of the forward pass depend on.
    public var shape: ModelShape {
        ModelShape(
            layers: layers, width: width, feedForwardWidth: feedForwardWidth, heads: heads, kvHeads: kvHeads,
            headDim: headDim)
    }
}
