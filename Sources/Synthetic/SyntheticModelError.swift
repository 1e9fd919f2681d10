public import GGUF

/// Why there is no synthetic model.
public enum SyntheticModelError: Error, Equatable, Sendable {
    case unknownName(String)
    case noCacheDirectory
    case cannotMake(name: String, bytes: Int, directory: String, reason: GGUFError)
}

extension SyntheticModelError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownName(let name):
            "there is no synthetic model '\(name.prefix(80))'; give SHAPE:FORMAT, where SHAPE is one of "
                + SyntheticShape.all.map(\.name).joined(separator: ", ") + " and FORMAT one of "
                + FormatMix.all.map(\.name).joined(separator: ", ")
        case .noCacheDirectory:
            "there is no folder for synthetic models; set XDG_CACHE_HOME or HOME to an absolute path"
        case .cannotMake(let name, let bytes, let directory, let reason):
            "\(name) needs \(bytes / 1_000_000 + 1) MB in \(directory): \(reason); "
                + "make room there, or set XDG_CACHE_HOME to another folder"
        }
    }
}
