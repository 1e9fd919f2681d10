#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where files are kept that can be made again: `$XDG_CACHE_HOME/carat`, else `~/.cache/carat`.
/// Source: XDG Base Directory Specification, by which a relative path counts as none.
public enum CacheDirectory {
    /// The folder `name` in Carat's cache, which need not exist; nil where neither variable has an absolute path.
    public static func path(_ name: String) -> String? {
        if let cache = absolutePath("XDG_CACHE_HOME") { return "\(cache)/carat/\(name)" }
        return absolutePath("HOME").map { "\($0)/.cache/carat/\(name)" }
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

    private static func absolutePath(_ variable: String) -> String? {
        guard let value = getenv(variable).map({ String(cString: $0) }), value.hasPrefix("/") else { return nil }
        return value
    }
}
