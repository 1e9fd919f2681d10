#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Reads parts of a file into memory of the caller's.
///
/// For work that goes once through a whole model: what was read does not stay mapped, and a file that is cut short
/// meanwhile is an error instead of a signal.
package final class PositionedFile: Sendable {
    private let bytes: FileBytes
    private let descriptor: CInt

    /// The file that `bytes` maps, opened once more; or bytes in memory.
    ///
    /// Throws: ``GGUFError`` when it cannot be opened or is another file by now.
    package init(_ bytes: FileBytes) throws(GGUFError) {
        self.bytes = bytes
        guard bytes.identityText != nil else {
            descriptor = -1
            return
        }
        descriptor = open(bytes.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .cannotOpen(path: bytes.path, reason: systemErrorText(errno)) }
        guard !bytes.hasChangedOnDisk() else {
            close(descriptor)
            throw .cannotRead(path: bytes.path, offset: 0, reason: "it was changed since it was opened")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Fills `memory` with the bytes at `offset`. May be called on several threads at once.
    ///
    /// Throws: ``GGUFError/cannotRead(path:offset:reason:)``, also where the file ends too early.
    package func read(at offset: Int, into memory: UnsafeMutableRawBufferPointer) throws(GGUFError) {
        guard descriptor >= 0 else {
            memory.copyMemory(
                from: UnsafeRawBufferPointer(
                    start: bytes.pointer(at: offset, count: memory.count), count: memory.count))
            return
        }
        var done = 0
        while done < memory.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = count < 0 ? systemErrorText(errno) : "it was cut short while it was read"
                throw .cannotRead(path: bytes.path, offset: offset + done, reason: reason)
            }
            done += count
        }
    }

    /// Throws: ``GGUFError/cannotRead(path:offset:reason:)`` if the file is no longer the one that was opened.
    package func checkUnchanged() throws(GGUFError) {
        guard !bytes.hasChangedOnDisk() else {
            throw .cannotRead(path: bytes.path, offset: 0, reason: "it was changed while it was read")
        }
    }
}

extension FileBytes {
    /// Whether `path` leads to the very file that is mapped, by whatever name.
    package func isSameFile(as path: String) -> Bool {
        guard let here = FileIdentity(path: self.path), let there = FileIdentity(path: path) else { return false }
        return identityText != nil && here.device == there.device && here.inode == there.inode
    }
}
