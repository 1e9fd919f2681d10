/// Why a schema is not one that text can be held to.
///
/// Paths are JSON pointers into the schema, such as `/properties/age/minimum`; that of the schema itself is empty.
public enum GrammarError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A keyword, or a value or combination of it, that is outside the supported subset.
    case unsupported(path: String, remedy: String)
    /// A keyword whose value makes no sense.
    case invalid(path: String, problem: String)
    /// More than there is room for.
    case tooLarge(path: String, what: String, limit: Int)
    /// Nothing satisfies the schema.
    case unsatisfiable(path: String)

    /// The place within the schema; empty for the schema itself.
    public var path: String {
        switch self {
        case .unsupported(let path, _), .invalid(let path, _), .tooLarge(let path, _, _), .unsatisfiable(let path): path
        }
    }

    public var description: String {
        let place = path.isEmpty ? "the schema" : "`\(path)` in the schema"
        return switch self {
        case .unsupported(_, let remedy): "\(place) is not supported. \(remedy)"
        case .invalid(_, let problem): "\(place) \(problem)"
        case .tooLarge(_, let what, let limit): "\(place) has more \(what) than \(limit). Give fewer."
        case .unsatisfiable: "\(place) allows nothing. Give a schema that some value satisfies."
        }
    }
}
