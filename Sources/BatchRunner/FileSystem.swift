internal import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Finding and removing files.
enum FileSystem {
    static func remove(_ path: String) throws(Errno) {
        guard unlink(path) == 0 || errno == ENOENT else { throw Errno(rawValue: errno) }
    }

    /// The paths below `folder` of all files in it and its folders, sorted, without hidden ones.
    static func files(below folder: String) throws(BatchError) -> [String] {
        do {
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
            return sorted(
                names.filter { name in
                    !name.split(separator: "/").contains { $0.hasPrefix(".") }
                        && FileIdentity(path: folder + "/" + name)?.isFolder != true
                })
        } catch {
            throw .cannotRead(path: folder, reason: .ioError)
        }
    }

    /// The files that a shell's pattern names, sorted.
    static func matches(of pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
        let names = (0..<Int(found.gl_pathc)).compactMap { place in paths[place].map { String(cString: $0) } }
        return sorted(names.filter { FileIdentity(path: $0)?.isFolder != true })
    }

    /// One spelling for each file, whether it exists or not.
    static func canonical(_ path: String) -> String {
        let whole = FilePath(path)
        let folder = whole.removingLastComponent()
        guard let name = whole.lastComponent, let real = realpath(folder.isEmpty ? "." : folder.string, nil) else {
            return path
        }
        defer { free(real) }
        return FilePath(String(cString: real)).appending(name).string
    }

    private static func sorted(_ names: [String]) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
