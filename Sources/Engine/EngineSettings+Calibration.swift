internal import Compute
public import Gemma
public import Planner

extension EngineSettings {
    /// Where the costs of a plan come from.
    public enum CostSource: Sendable {
        /// Measured earlier, and kept.
        case stored
        /// Measured now, and kept.
        case measured
        /// The constants of the program.
        case builtIn
    }

    /// Sets `costs` and `errors` from what was measured on this machine and of this file, measuring what is missing.
    ///
    /// The first time on a machine takes about 0.1 s, the first time with a file as much again. On a machine too busy to
    /// measure the thread team, up to three later starts try again; until one succeeds, choices stay what they were. Costs are those of all
    /// threads that this process can have, whatever the settings ask for. What cannot be kept is not used either: choices
    /// from a measurement that the next run would repeat could differ by its noise.
    ///
    /// - Parameters:
    ///   - facts: where measurements are kept; nil takes the built-in costs.
    ///   - remeasures: measures even what is known, and uses it even if it cannot be kept.
    ///   - needsErrors: measures errors for a precision that does not ask for them too.
    ///   - progress: told what is being measured, before it is.
    @discardableResult
    public mutating func calibrate(
        for model: GemmaModel, facts: MeasuredFacts?, remeasures: Bool = false, needsErrors: Bool = false,
        progress: (String) -> Void = { _ in }
    ) -> CostSource {
        if precision == .auto || needsErrors {
            errors = measuredErrors(of: model, facts: facts, remeasures: remeasures, progress: progress)
        }
        let machine = MachineIdentity(kernels: kernels, threads: ThreadBudget.current().threads)
        let needed = model.weights.formats
        let known = remeasures ? nil : facts?.costs(of: machine)
        let isEnough = known.map { needed.allSatisfy($0.has) } ?? false
        if let known, isEnough, known.isFinal {
            costs = known
            return .stored
        }
        // what is known but for the team's gains will do where that can't be measured now
        costs = isEnough ? known : nil
        let source = isEnough ? CostSource.stored : .builtIn
        guard remeasures || facts?.isWritable == true else {
            facts?.log("what was measured could not be kept, so the \(isEnough ? "last" : "built-in") costs are used")
            return source
        }
        guard canMeasure(threads: machine.threads, facts) else { return source }
        progress("measuring this machine ... about 0.1 s, once")
        var calibration = Calibration(kernels: kernels, threads: machine.threads)
        let measured: MachineCosts
        if let known, known.isFinal {
            measured = calibration.costs(of: needed.filter { !known.has($0) }, knowing: known)
        } else {
            measured = calibration.costs(of: needed.union(known?.knownFormats ?? []))
            if let known, isEnough, !measured.isTeamMeasured {
                // a machine as busy as before: choices stay what they were
                _ = facts?.store(known.triedAgain, of: machine)
                return source
            }
        }
        let isKept = facts?.store(measured, of: machine) ?? false
        guard isKept || remeasures else { return source }
        costs = measured
        return .measured
    }

    /// Measurements call OpenBLAS; without room for it the built-in numbers do.
    private func canMeasure(threads: Int, _ facts: MeasuredFacts?) -> Bool {
        do {
            try BLASLibrary.requireMemory(threads: threads)
            return true
        } catch {
            facts?.log("nothing can be measured: \(error)")
            return false
        }
    }

    private func measuredErrors(
        of model: GemmaModel, facts: MeasuredFacts?, remeasures: Bool, progress: (String) -> Void
    ) -> ErrorTable? {
        // weights as Floats are multiplied as Floats: there is nothing to measure, and nothing to keep
        if model.weights.formats.allSatisfy({ $0.activation == .float }) { return ErrorTable([]) }
        let identity = model.identity
        if !remeasures, let identity, let known = facts?.errors(of: identity) { return known }
        guard canMeasure(threads: max(threads, prefillThreads), facts) else { return nil }
        progress("measuring the model's precision ... about 0.1 s, once per file")
        let table = ErrorMeasurement.table(of: model, kernels: kernels, threads: max(threads, prefillThreads))
        // without a place to keep it, it is measured each time: it has no noise
        if let facts, let identity { _ = facts.store(table, of: identity) }
        return table
    }
}
