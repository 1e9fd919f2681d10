#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where files are kept that nobody can make again: `$XDG_STATE_HOME/carat`, else `~/.local/state/carat`.
/// Source: XDG Base Directory Specification, by which a relative path counts as none.
package enum StateDirectory {
    /// nil where neither variable has an absolute path.
    package static var path: String? { path { variable in getenv(variable).map { String(cString: $0) } } }

    /// The folder where `variable` gives the environment.
    package static func path(_ variable: (String) -> String?) -> String? {
        func absolute(_ name: String) -> String? { variable(name).flatMap { $0.hasPrefix("/") ? $0 : nil } }
        return absolute("XDG_STATE_HOME").map { $0 + "/carat" } ?? absolute("HOME").map { $0 + "/.local/state/carat" }
    }
}
