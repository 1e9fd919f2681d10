/// What keeps a tensor from being computed with.
public enum ComputeError: Error, Equatable, Sendable, CustomStringConvertible {
    case unsupportedFormat(tensor: String, type: String)
    case shape(tensor: String, found: [Int])
    case instructionSet(name: String, supported: [String])

    public var description: String {
        switch self {
        case .unsupportedFormat(let tensor, let type):
            let known = WeightFormat.allCases.map(\.rawValue).joined(separator: ", ")
            return """
                tensor \(tensor) uses \(type), which Carat cannot compute with. \
                Use a file whose tensors are of these types: \(known).
                """
        case .shape(let tensor, let found):
            return """
                tensor \(tensor) has the shape \(found), which is no weight matrix. \
                The file is damaged or of another architecture: convert it again.
                """
        case .instructionSet(let name, let supported):
            let isKnown = Kernels.InstructionSet(rawValue: name) != nil
            return """
                \(isKnown ? "this CPU or build cannot run" : "there is no instruction set") '\(name)'. \
                Choose one of: \(supported.joined(separator: ", ")).
                """
        }
    }
}
