import Compute
public import GGUF

/// A type that the user chose for some tensors: `ffn_down=Q6_K`.
public struct TensorOverride: Sendable, Equatable {
    /// A regular expression that is looked for anywhere in a tensor's name, in upper or lower case.
    public let pattern: String
    public let type: TensorType

    /// Types that tensors can be made to have.
    public static let types = WeightEncoding.allCases.compactMap { TensorType.named($0.rawValue) }

    /// Throws: ``QuantizerError/badTensorType(_:)``, ``QuantizerError/badPattern(_:reason:)``.
    public init(_ text: String) throws(QuantizerError) {
        guard let separator = text.lastIndex(of: "="), separator != text.startIndex,
            let type = TensorType.named(String(text[text.index(after: separator)...])), Self.types.contains(type)
        else { throw .badTensorType(text) }
        pattern = String(text[..<separator])
        self.type = type
        _ = try regex()
    }

    func regex() throws(QuantizerError) -> Regex<AnyRegexOutput> {
        do { return try Regex(pattern).ignoresCase() } catch { throw .badPattern(pattern, reason: "\(error)") }
    }
}
