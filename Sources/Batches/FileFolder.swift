import BatchRunner
import GGUF
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folder of one server's files and batches, which only its user can enter.
///
/// An open `FileFolder` holds the folder's lock, until the process ends.
package final class FileFolder: Sendable {
    package let path: String
    private let lock: FileDescriptor

    private static let lockName = "carat.lock"

    /// Makes the folder where it is missing. One that is there has to be empty, or from earlier.
    package init(_ path: String) throws(FolderError) {
        self.path = path
        let parent = FilePath(path).removingLastComponent().string
        do {
            if !parent.isEmpty { try UserDirectory.create(parent) }
        } catch {
            throw .cannotUse(path: path, step: "make it", reason: "\(error)")
        }
        func failure(_ step: String) -> FolderError {
            .cannotUse(path: path, step: step, reason: Errno(rawValue: errno).description)
        }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make it") }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open it") }
        defer { close(folder) }
        var facts = stat()
        guard fstat(folder, &facts) == 0 else { throw failure("look at it") }
        guard facts.st_uid == geteuid() else { throw .notOurs(path: path) }
        try Self.checkContent(path)
        // no wider than this, whoever made it
        if facts.st_mode & 0o077 != 0, fchmod(folder, 0o700) != 0 { throw failure("close it to others") }
        let descriptor = openat(folder, Self.lockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("lock it") }
        lock = FileDescriptor(rawValue: descriptor)
        do {
            guard try lock.lockExclusively() else { throw FolderError.locked(path: path) }
        } catch {
            try? lock.close()
            throw error as? FolderError
                ?? .cannotUse(path: path, step: "lock it", reason: (error as? Errno)?.description ?? "\(error)")
        }
    }

    deinit { try? lock.close() }

    private static func checkContent(_ path: String) throws(FolderError) {
        let names = names(path)
        // what is in a folder without our lock was put there by somebody else
        guard !names.contains(lockName) else { return }
        if let name = names.first(where: { $0 != "lost+found" }) { throw .foreign(path: path, name: name) }
    }

    private static func names(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    var names: [String] { Self.names(path) }

    /// Precondition: `name` is one that was made here.
    func path(_ name: String) -> String {
        precondition(!name.contains("/"), "\(name) is no name in a folder")
        return path + "/" + name
    }

    /// Whether it is gone now.
    @discardableResult
    func remove(_ name: String) -> Bool { unlink(path(name)) == 0 || errno == ENOENT }

    /// The size of a plain file; nil where there is none.
    func size(_ name: String) -> Int? {
        var facts = stat()
        guard lstat(path(name), &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(facts.st_size)
    }

    /// Throws: `BatchError.cannotWrite`; then the old content stays.
    func write(_ value: some Encodable, to name: String) throws(BatchError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            throw .cannotWrite(path: path(name), reason: .invalidArgument)
        }
        try WholeFile(path: path(name)).replace(with: Array(data) + [0x0A])
    }

    /// nil where there is no such file, or another's.
    func read<T: Decodable>(_ name: String) -> T? {
        guard let size = size(name), size < 1 << 20, let file = try? InputFile(notALink: path(name)),
            let bytes = try? file.bytes(at: 0, count: size)
        else { return nil }
        return try? JSONDecoder().decode(T.self, from: Data(bytes))
    }
}
