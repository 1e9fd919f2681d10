import SystemPackage

/// The page of `--report`, opened before the work so that a path that cannot be written is known then.
struct ReportFile {
    private let descriptor: FileDescriptor
    private let path: String

    struct CannotWrite: Error, CustomStringConvertible {
        let path: String
        let reason: Errno
        var description: String { "cannot write the report to \(path): \(reason). Give --report another path." }
    }

    init(_ path: String) throws {
        self.path = path
        do {
            descriptor = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let reason as Errno {
            throw CannotWrite(path: path, reason: reason)
        }
    }

    /// Replaces what the file held.
    func write(_ text: String) throws {
        do {
            try descriptor.closeAfter {
                // a pipe or device has no size
                do { try descriptor.resize(to: 0) } catch Errno.invalidArgument {}
                _ = try descriptor.writeAll(Array(text.utf8))
            }
        } catch let reason as Errno {
            throw CannotWrite(path: path, reason: reason)
        }
    }
}
