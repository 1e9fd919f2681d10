package import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Which file a descriptor or path leads to, whatever it is called.
package struct FileIdentity: Equatable {
    let device: UInt64
    let inode: UInt64
    package let size: Int
    package let isRegular: Bool
    let isFolder: Bool

    package init(_ descriptor: FileDescriptor) throws(Errno) {
        var facts = stat()
        guard fstat(descriptor.rawValue, &facts) == 0 else { throw Errno(rawValue: errno) }
        self.init(facts)
    }

    /// nil where there is no such file.
    init?(path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        self.init(facts)
    }

    private init(_ facts: stat) {
        device = UInt64(truncatingIfNeeded: facts.st_dev)
        inode = UInt64(truncatingIfNeeded: facts.st_ino)
        size = Int(facts.st_size)
        isRegular = facts.st_mode & S_IFMT == S_IFREG
        isFolder = facts.st_mode & S_IFMT == S_IFDIR
    }

    func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }
}

extension FileDescriptor {
    /// Takes the lock that one open file may have; false where another has it.
    package func lockExclusively() throws(Errno) -> Bool {
        while flock(rawValue, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
        return true
    }

    /// Brings the content, and the size that is needed to read it, to disk.
    func syncData() throws(Errno) {
        #if canImport(Darwin)
            guard fsync(rawValue) == 0 else { throw Errno(rawValue: errno) }
        #else
            guard fdatasync(rawValue) == 0 else { throw Errno(rawValue: errno) }
        #endif
    }

    package func syncAll() throws(Errno) {
        guard fsync(rawValue) == 0 else { throw Errno(rawValue: errno) }
    }

    /// `call` with an `Errno` as the only kind of error.
    package static func calling<T>(_ call: () throws -> T) throws(Errno) -> T {
        do { return try call() } catch { throw error as? Errno ?? .ioError }
    }
}

/// A limit on the size of files then is an error of `write`, and not the end of the process.
package func ignoreFileSizeSignal() { _ = signal(SIGXFSZ, SIG_IGN) }

/// A file that is replaced as a whole: readers see the old content or the new, and a crash leaves one of the two.
package struct WholeFile {
    let path: String

    package init(path: String) { self.path = path }

    package func replace(with bytes: [UInt8], isDurable: Bool = true) throws(BatchError) {
        let temporary = path + ".part-" + String(UInt32.random(in: .min ... .max), radix: 36)
        do throws(Errno) {
            let descriptor = try FileDescriptor.calling {
                try FileDescriptor.open(
                    FilePath(temporary), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
            }
            try FileDescriptor.calling {
                try descriptor.closeAfter {
                    _ = try descriptor.writeAll(bytes)
                    if isDurable { try descriptor.syncAll() }
                }
            }
            try take(temporary, isDurable: isDurable)
        } catch {
            unlink(temporary)
            throw .cannotWrite(path: path, reason: error)
        }
    }

    /// Gives the complete file `temporary` this name.
    package func take(_ temporary: String, isDurable: Bool = true) throws(Errno) {
        guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
        guard isDurable else { return }
        // else the new name may not survive a crash of the machine
        let folder = FilePath(path).removingLastComponent()
        _ = try? FileDescriptor.open(folder.isEmpty ? "." : folder, .readOnly, options: .closeOnExec).closeAfter {
            fsync($0)
        }
    }
}

extension FileDescriptor {
    fileprivate func closeAfter<T>(_ body: (CInt) throws -> T) throws -> T {
        try closeAfter { try body(rawValue) }
    }
}
