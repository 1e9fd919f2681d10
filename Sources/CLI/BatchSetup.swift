import BatchRunner
import Engine
import Gemma
import Planner

/// What the answerer of a batch is made from.
struct BatchSetup: Sendable {
    var settings: EngineSettings
    let modelName: String
    let overflow: BatchOverflow
    let embedding: EmbeddingOptions

    /// Everything that results depend on besides the input; a batch goes on only where it is the same.
    ///
    /// Threads and times of files are left out: another machine that computes alike may go on with the batch.
    func optionsHash(_ model: GemmaModel, source: String) -> String {
        let identity = model.identity
        return BatchInput.hash(of: [
            modelName, overflow.rawValue, "\(identity?.size ?? 0) \(identity?.headerHash ?? 0)",
            "\(settings.context ?? 0) \(settings.precision) \(settings.errorBudget) \(settings.ubatch)",
            "\(settings.cacheElement) \(settings.valueElement ?? settings.cacheElement)",
            settings.computation(for: model), "\(embedding.pooling) \(embedding.isNormalized)", source,
        ])
    }
}
