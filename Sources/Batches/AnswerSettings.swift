import BatchRunner
package import Engine
package import Gemma
import Planner

/// How the lines of a batch are answered, besides what they say themselves.
package struct AnswerSettings: Sendable {
    /// The model's name in results.
    package var modelName: String
    package var overflow = BatchOverflow.error
    package var embedding = EmbeddingOptions()
    /// Of the engine's requests; interactive ones have 0, and lower numbers go first.
    package var priority = 0

    package init(modelName: String) {
        self.modelName = modelName
    }

    /// Everything that results depend on besides the input; a batch goes on only where it is the same.
    ///
    /// Threads and times of files are left out: another machine that computes alike may go on with the batch.
    package func optionsHash(_ model: GemmaModel, engine settings: EngineSettings, source: String) -> String {
        BatchInput.hash(of: [
            modelName, overflow.rawValue, Self.identity(model),
            "\(settings.context ?? 0) \(settings.precision) \(settings.errorBudget) \(settings.ubatch)",
            "\(settings.cacheElement) \(settings.valueElement ?? settings.cacheElement)",
            settings.computation(for: model), "\(embedding.pooling) \(embedding.isNormalized)", source,
        ])
    }

    /// The same where an engine is there already, of which `fingerprint` says how it computes.
    package func optionsHash(_ model: GemmaModel, context: Int, fingerprint: String) -> String {
        BatchInput.hash(of: [
            modelName, overflow.rawValue, Self.identity(model), "\(context) \(fingerprint)",
            "\(embedding.pooling) \(embedding.isNormalized)",
        ])
    }

    private static func identity(_ model: GemmaModel) -> String {
        "\(model.identity?.size ?? 0) \(model.identity?.headerHash ?? 0)"
    }
}

/// What becomes of prompts that are longer than the context.
package enum BatchOverflow: String, CaseIterable, Sendable {
    case error, split
}
