#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Read-only bytes of a model file: mapped from disk, static memory of the binary, or a copy in memory.
///
/// This is the one place in the package's file code that holds a raw pointer. Everything that parses goes through
/// ``withSpan(_:)``, which is bounds-checked in release too.
public final class FileBytes: Sendable {
    /// The path that was mapped, or `(embedded)` or `(memory)`.
    public let path: String
    public let count: Int

    // Written once in `init`, never written through, released in `deinit` after the last reference is gone.
    private nonisolated(unsafe) let start: UnsafeRawPointer
    private let origin: Origin

    private enum Origin: Sendable {
        case mapped(FileIdentity)
        case embedded
        case allocated
    }

    /// Maps a regular file, read-only.
    ///
    /// Pages are read when they are first touched. If the file shrinks afterwards, touching the lost pages ends the
    /// process (SIGBUS), so long-running users ask ``hasChangedOnDisk()``.
    /// Throws: ``GGUFError`` when the path cannot be opened, is not a regular file, is empty or cannot be mapped.
    public init(mapping path: String) throws(GGUFError) {
        let (descriptor, identity) = try Self.open(path)
        defer { _ = close(descriptor) }
        guard identity.size > 0 else { throw .emptyFile(path: path) }
        guard let count = Int(exactly: identity.size) else { throw .cannotMap(path: path, reason: "it is too large") }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw .cannotMap(path: path, reason: systemErrorText(errno))
        }
        self.path = path
        self.count = count
        self.start = UnsafeRawPointer(address)
        self.origin = .mapped(identity)
    }

    /// Memory that lives as long as the process, such as a model linked into the binary.
    ///
    /// Precondition: `count` bytes at `start` stay readable and unchanged for the life of the process.
    public init(static start: UnsafeRawPointer, count: Int) {
        precondition(count >= 0, "FileBytes of \(count) bytes")
        self.path = "(embedded)"
        self.count = count
        self.start = start
        self.origin = .embedded
    }

    /// A copy of `bytes` in memory: for files made on the fly.
    public init(copying bytes: [UInt8]) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { memory.copyMemory(from: base, byteCount: source.count) }
        }
        self.path = "(memory)"
        self.count = bytes.count
        self.start = UnsafeRawPointer(memory)
        self.origin = .allocated
    }

    /// `count` bytes of memory that all have one value: weights to measure kernels with.
    package init(repeating byte: UInt8, count: Int) {
        precondition(count >= 0, "FileBytes of \(count) bytes")
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: byte, count: count)
        self.path = "(memory)"
        self.count = count
        self.start = UnsafeRawPointer(memory)
        self.origin = .allocated
    }

    /// When the mapped file was last modified; nil for memory.
    package var modification: (seconds: Int64, nanoseconds: Int64)? {
        guard case .mapped(let identity) = origin else { return nil }
        return (identity.seconds, identity.nanoseconds)
    }

    /// The mapped file's device, inode, size and time of modification as a part of a file name; nil for memory.
    package var identityText: String? {
        guard case .mapped(let id) = origin else { return nil }
        return [Int64(bitPattern: id.device), Int64(bitPattern: id.inode), id.size, id.seconds, id.nanoseconds]
            .map { String($0, radix: 36) }.joined(separator: "-")
    }

    deinit {
        switch origin {
        case .mapped: munmap(UnsafeMutableRawPointer(mutating: start), count)
        case .embedded: break
        case .allocated: start.deallocate()
        }
    }

    /// Calls `body` with all the bytes.
    public func withSpan<R: ~Copyable, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let buffer = UnsafeRawBufferPointer(start: start, count: count)
        defer { withExtendedLifetime(self) {} }
        return try body(buffer.bytes)
    }

    /// The address of bytes whose range was validated when the file was parsed.
    ///
    /// Valid only while this object lives.
    /// Precondition: `offset ..< offset + count` lies within the file.
    public func pointer(at offset: Int, count: Int) -> UnsafeRawPointer {
        precondition(
            offset >= 0 && count >= 0 && count <= self.count && offset <= self.count - count,
            "bytes \(offset) + \(count) of a file of \(self.count)")
        return start + offset
    }

    /// Whether the file at ``path`` is gone, or is no longer the file that was mapped (identity, size or time of
    /// modification differ). Always false for memory.
    public func hasChangedOnDisk() -> Bool {
        guard case .mapped(let identity) = origin else { return false }
        return FileIdentity(path: path) != identity
    }

    /// Opens a regular file for reading, and nothing else.
    ///
    /// The kind is asked before opening, since opening a device may act on it, and again on the descriptor, since the
    /// path may have been exchanged in between. `O_NONBLOCK` keeps a FIFO put there in that moment from blocking.
    private static func open(_ path: String) throws(GGUFError) -> (descriptor: CInt, identity: FileIdentity) {
        guard !path.isEmpty else { throw .cannotOpen(path: path, reason: "the path is empty") }
        guard !path.utf8.contains(0) else { throw .cannotOpen(path: path, reason: "the path contains a NUL byte") }
        guard let before = FileIdentity(path: path) else {
            throw .cannotOpen(path: path, reason: systemErrorText(errno))
        }
        guard before.isRegular else { throw .notRegularFile(path: path, kind: before.kindText) }
        var descriptor: CInt
        repeat {
            #if canImport(Darwin)
                descriptor = Darwin.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            #elseif canImport(Musl)
                descriptor = Musl.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            #else
                descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            #endif
        } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: systemErrorText(errno)) }
        guard let opened = FileIdentity(descriptor: descriptor) else {
            let reason = systemErrorText(errno)
            _ = close(descriptor)
            throw .cannotOpen(path: path, reason: reason)
        }
        guard opened.isRegular else {
            _ = close(descriptor)
            throw .notRegularFile(path: path, kind: opened.kindText)
        }
        return (descriptor, opened)
    }
}
