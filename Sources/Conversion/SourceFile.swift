internal import GGUF
internal import SystemPackage

/// A regular file that is read a part at a time, so that the memory of a large one is never held.
final class SourceFile {
    let path: String
    let size: Int
    let identity: FileIdentity
    private let descriptor: FileDescriptor

    /// Throws: ``ConversionError/cannotRead(path:reason:)``.
    init(_ path: String) throws(ConversionError) {
        // what is no regular file may block or act when it is opened
        if let found = FileIdentity(path: path), !found.isRegular {
            throw .cannotRead(path: path, reason: "it is \(found.kindText)")
        }
        do {
            descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw .cannotRead(path: path, reason: Self.text(error))
        }
        guard let identity = FileIdentity(descriptor: descriptor.rawValue), identity.isRegular else {
            try? descriptor.close()
            throw .cannotRead(path: path, reason: "it is not a regular file")
        }
        self.path = path
        self.identity = identity
        size = Int(identity.size)
    }

    deinit { try? descriptor.close() }

    /// Bytes of the whole file.
    ///
    /// Throws: ``ConversionError/cannotRead(path:reason:)``, also when there are more than `limit`.
    static func contents(_ path: String, limit: Int) throws(ConversionError) -> [UInt8] {
        let file = try SourceFile(path)
        guard file.size <= limit else {
            throw .cannotRead(path: path, reason: "it has \(file.size) bytes, and at most \(limit) are read")
        }
        var bytes = [UInt8](repeating: 0, count: file.size)
        try file.read(file.size, at: 0, into: &bytes)
        return bytes
    }

    /// Fills the first `count` bytes of `buffer` with those at `offset`.
    ///
    /// Precondition: `buffer` has room for them.
    /// Throws: ``ConversionError/cannotRead(path:reason:)``.
    func read(_ count: Int, at offset: Int, into buffer: inout [UInt8]) throws(ConversionError) {
        precondition(count <= buffer.count, "\(count) bytes into a buffer of \(buffer.count)")
        var done = 0
        while done < count {
            let read: Int
            do {
                read = try buffer.withUnsafeMutableBytes { bytes in
                    try descriptor.read(
                        fromAbsoluteOffset: Int64(offset + done),
                        into: UnsafeMutableRawBufferPointer(rebasing: bytes[done..<count]))
                }
            } catch {
                throw .cannotRead(path: path, reason: Self.text(error))
            }
            guard read > 0 else { throw .cannotRead(path: path, reason: "it became shorter while it was read") }
            done += read
        }
    }

    private static func text(_ error: any Error) -> String {
        (error as? Errno).map { systemErrorText($0.rawValue) } ?? "\(error)"
    }
}
