import Compute
import Engine
import GGUF
import Gemma
import Planner

/// The facts that `carat plan` shows, named as its JSON names them. Times are in seconds.
struct PlanReport: Encodable {
    struct Machine: Encodable {
        let cpu: String
        let instruction_set: String
        let blas: String
        let threads: Int
        let prefill_threads: Int
        /// stored, measured or built-in.
        let costs: String
        let read_bytes_per_second_one_thread: Double
        let read_bytes_per_second: Double
        let sgemm_flops_one_thread: Double
        let sgemm_flops: Double
        let region_seconds: Double
    }

    struct Alternative: Encodable {
        let path: String
        let threads: Int
        let seconds: Double
    }

    struct Row: Encodable {
        let n: Int
        let path: String
        let threads: Int
        let predicted_seconds: Double
        let alternatives: [Alternative]
        let reason: String
        var measured_seconds: Double?
        /// Measured over predicted.
        var ratio: Double?
    }

    struct Group: Encodable {
        let weight: String
        let layers: [Int]?
        let format: String
        let rows: Int
        let columns: Int
        /// Of the quantized path, relative rms: the least and the largest of the layers.
        let error_min: Double
        let error_max: Double
        /// The fewest positions at which sgemm is the faster path.
        let crossover: Int?
        var choices: [Row]
    }

    struct Model: Encodable {
        /// Tokens per second.
        let pp512: Double
        let tg128: Double
        /// Predictions read weights from memory; few positions of a model this small take less time than they say.
        let may_stay_in_caches: Bool
        var measured_pp512: Double?
        var measured_tg128: Double?
    }

    let model: String
    let precision: String
    let error_budget: Double
    let machine: Machine
    var weights: [Group]
    var whole_model: Model

    /// A model of fewer bytes may stay in the caches from one pass to the next, where predictions read from memory.
    static let cacheableBytes = 256 << 20

    /// Enough for any ubatch.
    static let mostPositions = 16_384

    /// The plan's groups, in the order of `weights`.
    let groups: [PlanGroup]

    private enum CodingKeys: String, CodingKey {
        case model, precision, error_budget, machine, weights, whole_model
    }

    init(
        _ plan: Plan, model: GemmaModel, name: String, settings: EngineSettings, source: EngineSettings.CostSource,
        positions: [Int]
    ) {
        self.model = name
        precision = plan.precision.rawValue
        error_budget = plan.errorBudget
        let costs = plan.costs
        machine = Machine(
            cpu: CPUName.current.full, instruction_set: settings.kernels.instructionSet.rawValue,
            blas: BLASLibrary.configuration, threads: plan.threads, prefill_threads: plan.prefillThreads,
            costs: source.shown, read_bytes_per_second_one_thread: costs.readBandwidth.one,
            read_bytes_per_second: costs.readBandwidth.team, sgemm_flops_one_thread: costs.sgemmRate.one,
            sgemm_flops: costs.sgemmRate.team, region_seconds: costs.region.team)
        groups = plan.groups
        weights = groups.map { group in
            let index = group.indices[0]
            let weight = plan.weights[index]
            let errors = group.indices.map { plan.error(of: $0) }
            // logits are computed for a few positions at a time
            let ns = weight.layer == nil ? positions.filter { $0 <= Gemma.logitRows } : positions
            return Group(
                weight: weight.weightClass.rawValue, layers: group.layers, format: weight.format.rawValue,
                rows: weight.rows, columns: weight.columns, error_min: errors.min() ?? 0, error_max: errors.max() ?? 0,
                crossover: plan.crossover(of: index), choices: ns.map { Row(plan, index: index, positions: $0) })
        }
        let shape = model.config.shape
        whole_model = Model(
            pp512: 512 / plan.prefillSeconds(shape, tokens: 512, ubatch: settings.ubatch),
            tg128: 128 / plan.decodeSeconds(shape, tokens: 128),
            may_stay_in_caches: model.file.bytes.count < Self.cacheableBytes)
    }
}

extension PlanReport.Row {
    init(_ plan: Plan, index: Int, positions n: Int) {
        let weight = plan.weights[index]
        let choice = plan.choice(layer: weight.layer, weight.weightClass, positions: n)
        self.n = n
        path = choice.path.rawValue
        threads = choice.threads
        predicted_seconds = plan.seconds(ofRegion: [index], positions: n)
        alternatives = plan.options(of: index, positions: n).map {
            PlanReport.Alternative(path: $0.path.rawValue, threads: $0.threads, seconds: $0.seconds)
        }
        reason = plan.reason(layer: weight.layer, weight.weightClass, positions: n).rawValue
    }
}

extension EngineSettings.CostSource {
    var shown: String {
        switch self {
        case .stored: "stored"
        case .measured: "measured"
        case .builtIn: "built-in"
        }
    }
}
