#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A new file under a temporary name that takes the place of another only when it is complete and on disk.
///
/// A symbolic link stays and its target is replaced. Pipes and devices are not replaced but written to.
package final class ReplacementFile {
    private let path: String
    /// Nil for what is written to directly.
    private let temporary: String?
    private var descriptor: CInt

    /// A file of `parts`, complete or not there at all.
    ///
    /// Throws: ``GGUFError/cannotWrite(path:step:reason:)``.
    package static func write(_ parts: [ArraySlice<UInt8>], to path: String) throws(GGUFError) {
        let file = try ReplacementFile(path)
        for part in parts { try file.write(part) }
        try file.commit()
    }

    /// Throws: ``GGUFError/cannotWrite(path:step:reason:)``.
    package init(_ path: String) throws(GGUFError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .cannotWrite(path: path, step: "open", reason: "this is not a path")
        }
        let target = FileIdentity(path: path)
        if let target, !target.isRegular {
            guard !target.isDirectory else {
                throw .cannotWrite(path: path, step: "open", reason: "it is a directory; give the name of a file")
            }
            self.path = path
            temporary = nil
            descriptor = open(path, O_WRONLY | O_CLOEXEC)
        } else {
            let target = target == nil ? path : Self.withoutLinks(path)
            // The random part keeps two writers of one target apart; O_EXCL makes sure.
            let name = target + ".part-" + String(UInt32.random(in: .min ... .max), radix: 36)
            self.path = target
            temporary = name
            descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else {
            let isMissing = errno == ENOENT
            throw .cannotWrite(
                path: path, step: "open",
                reason: isMissing ? "its folder does not exist; make it first" : systemErrorText(errno))
        }
    }

    /// Throws where nothing could be written to `path`, before work whose result would be lost. A file there stays.
    package static func requireWritable(_ path: String) throws(GGUFError) {
        if let target = FileIdentity(path: path), !target.isRegular, !target.isDirectory { return }
        try ReplacementFile(path).discard()
    }

    private static func withoutLinks(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    deinit { discard() }

    package func write(_ bytes: ArraySlice<UInt8>) throws(GGUFError) {
        var rest = bytes
        while !rest.isEmpty {
            #if canImport(Darwin)
                let count = rest.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
            #elseif canImport(Musl)
                let count = rest.withUnsafeBytes { Musl.write(descriptor, $0.baseAddress, $0.count) }
            #else
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            #endif
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Brings the bytes to disk, then renames. The directory is synced too, else the new name may not survive a crash.
    package func commit() throws(GGUFError) {
        // a pipe has nothing to bring to disk
        guard fsync(descriptor) == 0 || temporary == nil else { throw failure("fsync") }
        let closed = close(descriptor)
        descriptor = -1  // whatever close says, the descriptor is gone
        guard let temporary else {
            guard closed == 0 else { throw failure("close") }
            return
        }
        guard closed == 0, rename(temporary, path) == 0 else {
            let error = failure(closed == 0 ? "rename" : "close")
            unlink(temporary)
            throw error
        }
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let opened = open(directory, O_RDONLY | O_CLOEXEC)
        if opened >= 0 {
            fsync(opened)
            close(opened)
        }
    }

    /// Removes what was written; does nothing after ``commit()``.
    func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if let temporary { unlink(temporary) }
    }

    private func failure(_ step: String) -> GGUFError {
        .cannotWrite(path: path, step: step, reason: systemErrorText(errno))
    }
}
