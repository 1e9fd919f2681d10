import Compute
public import GGUF

/// Which type each tensor of a file gets, in the order of the new file: a printable value, made before anything is written.
public struct QuantizationPlan: Sendable {
    public struct Tensor: Sendable, Equatable {
        public let source: TensorInfo
        public let type: TensorType
        /// The type that the recipe wanted, where rows are no whole number of its blocks.
        public let wanted: TensorType?
        /// Whether the importance matrix says nothing of this quantized tensor.
        public fileprivate(set) var lacksImportance = false

        public var isKept: Bool { type == source.type }
        public var byteCount: Int { source.rowCount * source.columnCount / type.blockSize * type.bytesPerBlock }
    }

    public let recipe: Recipe
    public private(set) var tensors: [Tensor] = []

    /// Throws: ``QuantizerError`` for what cannot be done, naming the tensor; `GGUFError` for metadata of wrong types.
    public init(
        _ file: GGUFFile, recipe: Recipe, isPure: Bool = false, overrides: [TensorOverride] = [],
        importance: ImportanceMatrix? = nil, allowsRequantizing: Bool = false
    ) throws {
        self.recipe = recipe
        var mix = try MixCounter(recipe, file)
        let patterns = try overrides.map { (try $0.regex(), $0) }
        var unmatched = overrides.map(\.pattern)
        for source in Self.sorted(file.tensors) {
            guard source.shape.count > 1, TensorRole.isQuantized(source.name) else {
                tensors.append(Tensor(source: source, type: source.type, wanted: nil))
                continue
            }
            let chosen = patterns.first { source.name.firstMatch(of: $0.0) != nil }?.1
            unmatched.removeAll { $0 == chosen?.pattern }
            let wanted = chosen?.type ?? (isPure || !recipe.isQuantized ? recipe.base : mix.type(of: source))
            let type = Self.fitting(wanted, columns: source.columnCount)
            if chosen != nil, type != wanted {
                throw QuantizerError.unfitRows(tensor: source.name, columns: source.columnCount, type: wanted)
            }
            var tensor = Tensor(source: source, type: type, wanted: type == wanted ? nil : wanted)
            try Self.check(tensor, allowsRequantizing)
            if let importance, type.blockSize > 1, !tensor.isKept {
                tensor.lacksImportance = try importance.values(for: source) == nil
            }
            tensors.append(tensor)
        }
        if let pattern = unmatched.first { throw QuantizerError.unmatchedPattern(pattern) }
        guard tensors.contains(where: { $0.source.shape.count > 1 && TensorRole.isQuantized($0.source.name) }) else {
            throw QuantizerError.notAModel(path: file.bytes.path)
        }
    }

    public var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }
    public var sourceByteCount: Int { tensors.reduce(0) { $0 + $1.source.byteCount } }
    public var weightCount: Int { tensors.reduce(0) { $0 + $1.source.elementCount } }

    private static func check(_ tensor: Tensor, _ allowsRequantizing: Bool) throws(QuantizerError) {
        let source = tensor.source
        guard !tensor.isKept else { return }
        guard source.type.isComputable else {
            throw .unreadableType(tensor: source.name, type: source.type, target: tensor.type)
        }
        guard source.type.blockSize == 1 || allowsRequantizing else {
            throw .alreadyQuantized(tensor: source.name, type: source.type, target: tensor.type)
        }
    }

    /// The type itself, or the one that llama.cpp takes for rows that are no whole number of its blocks.
    static func fitting(_ type: TensorType, columns: Int) -> TensorType {
        guard !columns.isMultiple(of: type.blockSize) else { return type }
        let smaller: TensorType =
            switch type {
            case .Q2_K, .Q3_K: .Q4_0
            case .Q4_K: .Q5_0
            case .Q5_K: .Q5_1
            default: .Q8_0
            }
        return columns.isMultiple(of: smaller.blockSize) ? smaller : .F16
    }

    /// What lies outside of layers first, then layer by layer; by name within.
    private static func sorted(_ tensors: [TensorInfo]) -> [TensorInfo] {
        tensors.map { (TensorRole.layer($0.name) ?? -1, Array($0.name.utf8), $0) }
            .sorted { $0.0 != $1.0 ? $0.0 < $1.0 : $0.1.lexicographicallyPrecedes($1.1) }
            .map(\.2)
    }
}
