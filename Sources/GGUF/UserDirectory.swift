#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where Carat keeps files of a user that have no name of their own.
/// Source: XDG Base Directory Specification, by which a relative path counts as none.
public enum UserDirectory: Sendable {
    /// What can be made again: `$XDG_CACHE_HOME/carat`, else `~/.cache/carat`.
    case cache
    /// What nobody can make again: `$XDG_STATE_HOME/carat`, else `~/.local/state/carat`.
    case state

    /// The folder, which need not exist; nil where neither variable has an absolute path.
    public var path: String? { path { variable in getenv(variable).map { String(cString: $0) } } }

    /// The folder where `variable` gives the environment.
    package func path(_ variable: (String) -> String?) -> String? {
        let (name, home) =
            switch self {
            case .cache: ("XDG_CACHE_HOME", "/.cache")
            case .state: ("XDG_STATE_HOME", "/.local/state")
            }
        func absolute(_ name: String) -> String? { variable(name).flatMap { $0.hasPrefix("/") ? $0 : nil } }
        return (absolute(name) ?? absolute("HOME").map { $0 + home }).map { $0 + "/carat" }
    }

    /// Makes the folder and those above it where they are missing.
    ///
    /// Throws: ``GGUFError/cannotWrite(path:step:reason:)``.
    public static func create(_ path: String) throws(GGUFError) {
        var end = path.startIndex
        while end < path.endIndex {
            end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
            // a folder that is there is fine, whoever made it; one that cannot be made shows in the last step
            let code = mkdir(String(path[..<end]), 0o777) == 0 ? 0 : errno
            if end == path.endIndex, code != 0, code != EEXIST {
                throw .cannotWrite(path: path, step: "mkdir", reason: systemErrorText(code))
            }
        }
    }
}
