package import SystemPackage

/// A file of results, which only grows by whole lines.
///
/// What a crash or a full disk leaves of a line is cut off, here at once where that is possible, else when the file is
/// opened again. One open `ResultFile` holds the file's lock.
package final class ResultFile {
    let path: String
    let identity: FileIdentity
    private let descriptor: FileDescriptor
    /// Bytes of whole lines.
    private(set) var size: Int
    private var isSynced = true
    /// Stands in for the system's `write` where tests want it to fail.
    private let write: Writer

    package typealias Writer = @Sendable (FileDescriptor, ArraySlice<UInt8>) throws -> Int

    package static let systemWrite: Writer = { descriptor, bytes in
        try bytes.withUnsafeBytes { try descriptor.write($0) }
    }

    /// Opens or creates the file and takes its lock; changes nothing in it. Throws: `BatchError`.
    init(
        _ path: String, role: String, followsLinks: Bool = true, write: @escaping Writer = systemWrite
    ) throws(BatchError) {
        self.path = path
        self.write = write
        do throws(Errno) {
            descriptor = try FileDescriptor.calling {
                var options: FileDescriptor.OpenOptions = [.create, .append, .closeOnExec, .nonBlocking]
                if !followsLinks { options.insert(.noFollow) }
                return try FileDescriptor.open(
                    FilePath(path), .readWrite, options: options,
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
            }
        } catch {
            throw .cannotWrite(path: path, reason: error)
        }
        do {
            identity = try FileIdentity(descriptor)
            guard identity.isRegular else { throw BatchError.notAFile(path: path, role: role) }
            guard try descriptor.lockExclusively() else { throw BatchError.locked(path: path) }
            size = try FileIdentity(descriptor).size
        } catch {
            try? descriptor.close()
            throw error as? BatchError ?? .cannotWrite(path: path, reason: error as? Errno ?? .ioError)
        }
    }

    deinit { try? descriptor.close() }

    /// Adds `bytes`, which end a line, or nothing. Throws: `BatchError.cannotWrite`.
    func append(_ bytes: [UInt8]) throws(BatchError) {
        var rest = bytes[...]
        isSynced = false
        do {
            while !rest.isEmpty {
                let count = try write(descriptor, rest)
                guard count > 0 else { throw Errno.noSpace }
                rest = rest.dropFirst(count)
            }
        } catch {
            // where even this fails, the next start cuts the torn line off
            try? descriptor.resize(to: Int64(size))
            throw .cannotWrite(path: path, reason: error as? Errno ?? .ioError)
        }
        size += bytes.count
    }

    /// Brings what was added to disk. Throws: `BatchError.cannotWrite`.
    func sync() throws(BatchError) {
        guard !isSynced else { return }
        do { try descriptor.syncData() } catch { throw .cannotWrite(path: path, reason: error) }
        isSynced = true
    }

    /// Throws: `BatchError.cannotWrite`.
    func truncate(to size: Int) throws(BatchError) {
        do {
            try descriptor.resize(to: Int64(size))
            try descriptor.syncAll()
        } catch {
            throw .cannotWrite(path: path, reason: error as? Errno ?? .ioError)
        }
        self.size = size
    }

    /// Calls `use` with each whole line, its number and where it begins; returns where the last whole line ends.
    /// Memory: the longest line. Throws: `BatchError`.
    func readLines(_ use: (_ line: [UInt8], _ number: Int, _ offset: Int) throws(BatchError) -> Void)
        throws(BatchError) -> Int
    {
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var line: [UInt8] = []
        var number = 0
        var offset = 0
        var start = 0
        while case let count = try read(at: offset, into: &chunk), count > 0 {
            offset += count
            var rest = chunk[..<count]
            while let end = rest.firstIndex(of: 0x0A) {
                line += rest[..<end]
                rest = rest[(end + 1)...]
                number += 1
                try use(line, number, start)
                start += line.count + 1
                line.removeAll(keepingCapacity: true)
            }
            line += rest
        }
        return start
    }

    private func read(at offset: Int, into chunk: inout [UInt8]) throws(BatchError) -> Int {
        do {
            return try chunk.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: Int64(offset), into: $0) }
        } catch {
            throw .cannotRead(path: path, reason: error as? Errno ?? .ioError)
        }
    }
}
