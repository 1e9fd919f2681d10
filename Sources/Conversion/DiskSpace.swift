#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Room on disks.
enum DiskSpace {
    /// Bytes that this user can still write to the disk of `path`, which need not exist; nil where the system does not
    /// say.
    static func available(for path: String) -> Int? {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return nil }
        let (bytes, overflow) = Int(clamping: facts.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: facts.f_frsize))
        return overflow ? nil : bytes
    }
}
