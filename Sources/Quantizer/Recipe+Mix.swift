import GGUF

/// The types of a model's matrices in a recipe's mix. Matrices are asked for in file order: some choices count.
struct MixCounter {
    private let recipe: Recipe
    private let layers: Int
    /// Query heads that share a KV head.
    private let sharing: Int
    private let hasExperts: Bool
    private let isTied: Bool
    private let values: Int
    private var valuesDone = 0
    private var downsDone = 0

    /// Throws: `GGUFError` where the model's shape is given in wrong types.
    init(_ recipe: Recipe, _ file: GGUFFile) throws(GGUFError) {
        self.recipe = recipe
        let architecture = try file.metadata.string("general.architecture") ?? ""
        func number(_ key: String) throws(GGUFError) -> Int {
            let key = "\(architecture).\(key)"
            // per layer in some architectures: the first stands for all
            if case .array(let array) = file.metadata[key], array.count > 0 {
                return try file.metadata.uint32OrArray(key, count: array.count)?.first.map(Int.init) ?? 0
            }
            return try file.metadata.integer(key) ?? 0
        }
        layers = try number("block_count")
        let kvHeads = try number("attention.head_count_kv")
        sharing = kvHeads > 0 ? try number("attention.head_count") / kvHeads : 1
        hasExperts = try number("expert_count") > 1
        isTied = file.tensor("output.weight") == nil
        values = file.tensors.filter { TensorRole($0.name) == .value }.count
    }

    /// The type of the next matrix, before it is asked whether its rows are whole blocks.
    mutating func type(of tensor: TensorInfo) -> TensorType {
        let base = recipe.base
        switch TensorRole(tensor.name) {
        case .output: return outputType(tensor)
        case .tokenEmbedding:
            return isTied && recipe.edition == .current ? outputType(tensor) : base
        case .value:
            defer { valuesDone += 1 }
            return valueType(valuesDone)
        case .down:
            defer { downsDone += 1 }
            return downType(hasExperts ? TensorRole.layer(tensor.name) ?? downsDone : downsDone)
        case .attentionOutput:
            switch recipe.name {
            case "Q2_K": return .Q3_K
            case "Q3_K_M": return .Q4_K
            case "Q3_K_L": return .Q5_K
            default: return base
            }
        case .other: return base
        }
    }

    private func outputType(_ tensor: TensorInfo) -> TensorType {
        let base = recipe.base
        guard tensor.columnCount.isMultiple(of: base.blockSize) else { return .Q8_0 }
        return base == .Q8_0 ? .Q8_0 : .Q6_K
    }

    private func valueType(_ index: Int) -> TensorType {
        switch recipe.name {
        case "Q2_K": sharing >= 4 ? .Q4_K : .Q3_K
        case "Q3_K_M": index < 2 ? .Q5_K : .Q4_K
        case "Q3_K_L": .Q5_K
        case "Q4_K_S": index < 4 ? .Q5_K : .Q4_K
        case "Q4_K_M", "Q5_K_M": isSensitive(index, of: values) ? .Q6_K : recipe.base
        default: recipe.base
        }
    }

    private func downType(_ layer: Int) -> TensorType {
        switch recipe.name {
        case "Q2_K": .Q3_K
        case "Q3_K_M": layer < layers / 16 ? .Q5_K : .Q4_K
        case "Q3_K_L": .Q5_K
        case "Q4_K_S": layer < layers / 8 ? .Q5_K : .Q4_K
        case "Q4_K_M", "Q5_K_M": isSensitive(layer, of: layers) ? .Q6_K : recipe.base
        default: recipe.base
        }
    }

    /// The first and the last eighth of the layers, and every third between.
    private func isSensitive(_ layer: Int, of layers: Int) -> Bool {
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2
    }
}
