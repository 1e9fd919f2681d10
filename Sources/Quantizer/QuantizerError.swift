public import GGUF

/// Why a model cannot be quantized.
public enum QuantizerError: Error, Equatable, Sendable {
    // The request
    case unknownRecipe(String)
    case badTensorType(String)
    case badPattern(String, reason: String)
    case unmatchedPattern(String)
    case sameFile(String)

    // The model
    case notAModel(path: String)
    case alreadyQuantized(tensor: String, type: TensorType, target: TensorType)
    case unreadableType(tensor: String, type: TensorType, target: TensorType)
    case unfitRows(tensor: String, columns: Int, type: TensorType)

    // The importance matrix
    case notAnImportanceMatrix(path: String, reason: String)
    case importanceMisfit(tensor: String, expected: Int, found: Int)
    case badImportance(tensor: String, reason: String)
}

extension QuantizerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownRecipe(let name):
            return "there is no recipe '\(name)'. Choose one of: \(Recipe.all.map(\.name).joined(separator: ", "))."
        case .badTensorType(let text):
            let types = TensorOverride.types.map(\.name).joined(separator: ", ")
            return "'\(text)' is not PATTERN=TYPE. Give a part of a tensor's name and one of: \(types)."
        case .badPattern(let pattern, let reason):
            return "'\(pattern)' is not a regular expression: \(reason). Mask characters such as ( and [ by a \\."
        case .unmatchedPattern(let pattern):
            return "no tensor that is quantized has a name that matches '\(pattern)'. "
                + "List the names with: carat inspect FILE --tensors."
        case .sameFile(let path):
            return "\(path) is the model itself. Give the output another name: the source would be lost."
        case .notAModel(let path):
            return "\(path) has no tensor that can be quantized. Give the GGUF file of a model."
        case .alreadyQuantized(let tensor, let type, let target):
            return
                "tensor \(displayName(tensor)) is quantized already, as \(type), and would become \(target): errors add up. "
                + "Start from an F16, BF16 or F32 file, or accept that with --allow-requantize."
        case .unreadableType(let tensor, let type, let target):
            return "tensor \(displayName(tensor)) is \(type), which cannot be read to make \(target) of it. "
                + "Start from an F16, BF16 or F32 file."
        case .unfitRows(let tensor, let columns, let type):
            return "tensor \(displayName(tensor)) has rows of \(columns) weights, no whole number of \(type)'s blocks "
                + "of \(type.blockSize). Choose another type for it by --tensor-type."
        case .notAnImportanceMatrix(let path, let reason):
            return "\(path) is no importance matrix: \(reason). Make one with: carat imatrix, or llama-imatrix."
        case .importanceMisfit(let tensor, let expected, let found):
            return "the importance matrix has \(found) numbers for \(displayName(tensor)), which takes \(expected). "
                + "It is of another model: make one of this model."
        case .badImportance(let tensor, let reason):
            return "the importance matrix has \(reason) for \(displayName(tensor)). Make it again."
        }
    }
}
