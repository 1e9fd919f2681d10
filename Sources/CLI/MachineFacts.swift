import Engine
import Gemma
import Planner

/// Fills in what was measured of this machine and file, and says on a terminal what takes its time.
struct MachineFacts {
    let isVerbose: Bool

    @discardableResult
    func complete(
        _ settings: inout EngineSettings, for model: GemmaModel, remeasures: Bool = false, needsErrors: Bool = false
    ) -> EngineSettings.CostSource {
        let isVerbose = isVerbose
        let facts = CacheFolder.current.map { folder in
            MeasuredFacts(in: folder) { if isVerbose { Output.note("cache: \($0)\n") } }
        }
        if facts == nil, isVerbose {
            Output.note("cache: neither XDG_CACHE_HOME nor HOME names a folder, so built-in costs are used\n")
        }
        var isShown = false
        let source = settings.calibrate(
            for: model, facts: facts, remeasures: remeasures, needsErrors: needsErrors,
            progress: { text in
                guard Output.stderrIsTerminal else { return }
                isShown = true
                Output.note("\r\(text)\u{1B}[K")
            })
        if isShown { Output.note("\r\u{1B}[K") }
        return source
    }
}
