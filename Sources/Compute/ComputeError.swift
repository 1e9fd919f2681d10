import GGUF

/// What keeps something from being computed.
public enum ComputeError: Error, Equatable, Sendable, CustomStringConvertible {
    case unsupportedFormat(tensor: String, type: String)
    case shape(tensor: String, found: [Int])
    case instructionSet(name: String, supported: [String])
    case blasMemory(needed: Int, threads: Int)
    case probeMemory(needed: Int)
    case notFinite(tensor: String, row: Int, column: Int, value: Float)
    case tooLargeToEncode(tensor: String, type: String)

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
        case .blasMemory(let needed, let threads):
            return """
                OpenBLAS needs \(needed >> 20) MiB of address space for \(threads) \(threads == 1 ? "thread" : "threads"), \
                and a limit leaves less. Raise the limit (ulimit -v) or take fewer threads (-t). OPENBLAS_NUM_THREADS=1 \
                saves 128 MiB for each further core; carat run does without OpenBLAS for most K-quant files at \
                --precision fast.
                """
        case .probeMemory(let needed):
            return """
                measuring this machine needs \(needed >> 20) MiB of address space, and a limit leaves less. \
                Raise the limit (ulimit -v).
                """
        case .notFinite(let tensor, let row, let column, let value):
            return """
                tensor \(displayName(tensor)) has \(value.isNaN ? "no number (NaN)" : "an infinity") in row \(row), column \(column). \
                The model is damaged: fetch or convert it again.
                """
        case .tooLargeToEncode(let tensor, let type):
            return """
                tensor \(displayName(tensor)) has weights too large for \(type), whose half floats end at 65504. \
                Keep it as it is or in F32: --tensor-type \(displayName(tensor))=F32.
                """
        }
    }
}
