#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What tells one state of one file from another: device, inode, size and time of modification.
package struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
    let mode: UInt32
    package let size: Int64
    let seconds: Int64
    let nanoseconds: Int64

    /// The file at the end of all symbolic links; nil (and `errno`) if there is none.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    package init?(descriptor: CInt) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        mode = UInt32(truncatingIfNeeded: status.st_mode)
        size = Int64(status.st_size)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        seconds = Int64(time.tv_sec)
        nanoseconds = Int64(time.tv_nsec)
    }

    private var kind: UInt32 { mode & UInt32(S_IFMT) }

    package var isRegular: Bool { kind == UInt32(S_IFREG) }
    package var isDirectory: Bool { kind == UInt32(S_IFDIR) }

    /// Whether both are one file, whatever its state.
    package func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }

    package var kindText: String {
        switch kind {
        case UInt32(S_IFDIR): "a directory"
        case UInt32(S_IFIFO): "a pipe"
        case UInt32(S_IFSOCK): "a socket"
        case UInt32(S_IFCHR), UInt32(S_IFBLK): "a device"
        default: "not a regular file"
        }
    }
}

/// The cause of a failed system call in words that do not depend on the locale.
package func systemErrorText(_ code: CInt) -> String {
    switch code {
    case ENOENT: "there is no such file"
    case ENOTDIR: "a part of the path is not a directory"
    case EACCES, EPERM: "permission is denied"
    case ELOOP: "there are too many symbolic links"
    case ENAMETOOLONG: "the path is too long"
    case EMFILE, ENFILE: "too many files are open"
    case ENOMEM: "there is not enough address space or memory"
    case ENOSPC, EDQUOT: "the disk is full"
    case EROFS: "the file system is read-only"
    case EISDIR: "it is a directory"
    case EFBIG: "the file would be larger than allowed"
    case EIO: "the device reports an input/output error"
    default: "the system reports error \(code)"
    }
}
