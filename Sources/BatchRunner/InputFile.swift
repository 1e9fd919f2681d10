internal import Crypto
internal import SystemPackage

/// A batch file, open for reading.
///
/// Only plain files can be read again by a second run; what comes by a pipe is kept in a file next to the output first.
public final class InputFile: Sendable {
    public let path: String
    let descriptor: FileDescriptor
    package let identity: FileIdentity

    /// Opens `path`; "-" is the standard input. Throws: `BatchError`.
    public convenience init(_ path: String) throws(BatchError) {
        try self.init(path, options: .closeOnExec)
    }

    /// Opens a file that is no link. Throws: `BatchError`.
    package convenience init(notALink path: String) throws(BatchError) {
        try self.init(path, options: [.closeOnExec, .noFollow])
    }

    private init(_ path: String, options: FileDescriptor.OpenOptions) throws(BatchError) {
        self.path = path == "-" ? "the standard input" : path
        do throws(Errno) {
            descriptor = try FileDescriptor.calling {
                path == "-"
                    ? try FileDescriptor.standardInput.duplicate()
                    : try FileDescriptor.open(FilePath(path), .readOnly, options: options)
            }
            identity = try FileIdentity(descriptor)
        } catch {
            throw .cannotRead(path: self.path, reason: error)
        }
        guard !identity.isFolder else { throw .cannotRead(path: path, reason: .isDirectory) }
    }

    deinit { try? descriptor.close() }

    /// A pipe or terminal, which gives its lines only once.
    public var isPassing: Bool { !identity.isRegular }

    /// Throws: `BatchError.samePath` where `other`, which is to be written, is this file.
    public func require(isNot other: String, role: String) throws(BatchError) {
        guard FileIdentity(path: other)?.isSameFile(as: identity) != true else {
            throw .samePath(other, roles: ["the input", role])
        }
    }

    /// Copies what comes by a pipe to `path` and opens that.
    ///
    /// A file that is there from an earlier run stays and has to have the same content, unless `restarts`.
    /// Throws: `BatchError`.
    public func spooled(to path: String, restarts: Bool, output: String) throws(BatchError) -> InputFile {
        let temporary = path + ".part-" + String(UInt32.random(in: .min ... .max), radix: 36)
        var isKept = false
        defer { if !isKept { try? FileSystem.remove(temporary) } }
        let digest = try copy(to: temporary)
        if !restarts, let old = try? InputFile(path) {
            guard try old.digest() == digest else { throw .spoolDiffers(spool: path, output: output) }
            return old
        }
        do { try WholeFile(path: path).take(temporary) } catch { throw .cannotWrite(path: path, reason: error) }
        isKept = true
        return try InputFile(path)
    }

    private func copy(to path: String) throws(BatchError) -> String {
        let target: FileDescriptor
        do {
            target = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw .cannotWrite(path: path, reason: error as? Errno ?? .ioError)
        }
        defer { try? target.close() }
        var hash = SHA256()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = try readNext(into: &chunk), count > 0 {
            hash.update(data: chunk[..<count])
            do { _ = try target.writeAll(chunk[..<count]) } catch {
                throw .cannotWrite(path: path, reason: error as? Errno ?? .ioError)
            }
        }
        do { try target.syncAll() } catch { throw .cannotWrite(path: path, reason: error) }
        return hash.finalize().hexadecimal
    }

    private func digest() throws(BatchError) -> String {
        var hash = SHA256()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while case let count = try read(at: offset, into: &chunk), count > 0 {
            hash.update(data: chunk[..<count])
            offset += count
        }
        return hash.finalize().hexadecimal
    }

    private func readNext(into chunk: inout [UInt8]) throws(BatchError) -> Int {
        do {
            // an interruption by a signal ends the reading: nothing is lost yet
            return try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0, retryOnInterrupt: false) }
        } catch {
            throw .cannotRead(path: path, reason: error as? Errno ?? .ioError)
        }
    }

    package func read(at offset: Int, into chunk: inout [UInt8]) throws(BatchError) -> Int {
        do {
            return try chunk.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: Int64(offset), into: $0) }
        } catch {
            throw .cannotRead(path: path, reason: error as? Errno ?? .ioError)
        }
    }

    /// `count` bytes from `offset`; fewer where the file ends.
    package func bytes(at offset: Int, count: Int) throws(BatchError) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: count)
        while result.count < count {
            let got = try read(at: offset + result.count, into: &chunk)
            guard got > 0 else { break }
            if got == count { return chunk }
            result += chunk[..<min(got, count - result.count)]
        }
        return result
    }
}
