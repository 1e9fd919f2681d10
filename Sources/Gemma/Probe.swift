public import Compute

/// A reader of intermediate results: step, layer (nil outside of the layers), matrix, and its rows in use.
public typealias Probe = (_ step: ForwardStep, _ layer: Int?, _ result: Matrix, _ rows: Int) -> Void

/// The named intermediates of the forward pass.
public enum ForwardStep: String, Sendable, CaseIterable {
    case embedding, attentionNorm, query, key, value, attention, afterAttention, feedForwardNorm, gated,
        afterFeedForward, outputNorm, logits
}
