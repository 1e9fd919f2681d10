package import Compute
package import Engine
internal import GGUF
package import Gemma

/// A model that reads a text in windows, at the speed of a prefill.
///
/// Belongs to the thread that calls it.
package final class WindowModel {
    package let model: GemmaModel
    package let executor: Executor
    /// Asked before each layer; true ends the work with `EvaluationError.cancelled`.
    package var isCancelled: () -> Bool = { false }

    private let session: Session
    private let gemma: Gemma
    private let caches: [KVCache]

    /// Throws: `EngineError` when the settings make no sense, the window is longer than the model's context, or the
    /// memory is too small.
    package init(_ model: GemmaModel, settings: EngineSettings, windows: TextWindows) throws(EngineError) {
        var settings = settings
        // the context bounds the ubatch, which several short windows share
        settings.context = min(max(windows.window, settings.ubatch), model.config.contextLength)
        guard windows.window <= model.config.contextLength else {
            throw .contextTooLong(requested: windows.window, limit: model.config.contextLength)
        }
        session = try Session(model, settings: settings)
        self.model = model
        gemma = session.gemma
        executor = gemma.executor
        executor.threads = settings.prefillThreads
        caches = (0..<max(1, gemma.ubatch / windows.window)).map { [gemma] _ in
            gemma.makeCache(
                capacity: windows.window, keys: settings.cacheElement,
                values: settings.valueElement ?? settings.cacheElement)
        }
    }

    /// Positions of one forward call.
    var ubatch: Int { gemma.ubatch }

    /// Throws: `EvaluationError.cancelled`, or `EngineError.modelFileChanged`.
    func forward(_ step: WindowStep) throws {
        if model.file.bytes.hasChangedOnDisk() { throw EngineError.modelFileChanged(path: model.file.bytes.path) }
        let caches = caches[..<step.windows.count]
        if step.positions.lowerBound == 0 { for cache in caches { cache.truncate(to: 0) } }
        withExtendedLifetime(session) {}
        gemma.goesOn = { [isCancelled] _ in !isCancelled() }
        defer { gemma.goesOn = nil }
        do {
            // all as a whole ubatch, so that no figure depends on how windows were put together
            try gemma.forward(
                step.tokens, spans: caches.map { KVCache.Span($0, count: step.positions.count) }, planned: ubatch)
        } catch {
            throw EvaluationError.cancelled
        }
    }

    /// Logits after `rows` of the latest step, at most `Gemma.logitRows`; valid until the next call.
    func logits(_ rows: ArraySlice<Int>) -> Matrix { gemma.logits(rows: Array(rows), planned: ubatch) }
}
