internal import Crypto
internal import Foundation
internal import Synchronization
public import Compute
public import GGUF

/// Prefixes on disk: blocks of keys and values that outlive the process, one file each, named by a hash of all they
/// depend on.
///
/// A block is written under a temporary name, synced and renamed, by a thread of the store's own; so any number of
/// processes may share a folder, and a file under its final name is whole. Nothing that is wrong with a file is an error:
/// it is a miss, a line in the log, and the file is moved aside.
public final class KVStore: Sendable {
    public let identity: KVIdentity
    private let directory: String
    private let log: @Sendable (String) -> Void
    private let writer: KVWriter

    /// - Parameters:
    ///   - directory: is made where it is missing.
    ///   - limit: bytes that all files in the folder may have together; the least recently used are removed.
    /// Throws: ``GGUFError/cannotWrite(path:step:reason:)`` when the folder can't be made.
    public init(
        directory: String, limit: Int, identity: KVIdentity, log: @escaping @Sendable (String) -> Void
    ) throws(GGUFError) {
        try UserDirectory.create(directory)
        self.directory = directory
        self.identity = identity
        self.log = log
        writer = KVWriter(directory: directory, limit: limit, log: log)
    }

    deinit { writer.close() }

    public func key(of tokens: [Int32], after parent: KVKey?) -> KVKey { identity.key(of: tokens, after: parent) }

    /// The block named `key`; nil where there is none that is whole and right.
    ///
    /// Its bytes are read and not mapped: somebody who cuts the file short meanwhile would end the process.
    public func load(_ key: KVKey, tokens: [Int32], after parent: KVKey?, into pool: KVPool) -> KVBlock? {
        let path = directory + "/" + key.fileName
        let bytes: [UInt8]
        do {
            // a link is never ours
            guard try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType == .typeRegular
            else { throw GGUFError.notRegularFile(path: path, kind: "a link") }
            bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch {
            if FileManager.default.fileExists(atPath: path) { reject(path, "it cannot be opened") }
            return nil
        }
        do throws(KVRecord.Fault) {
            let record = KVRecord(identity: identity, parent: parent, tokens: tokens)
            try record.check(bytes.span.bytes)
        } catch {
            reject(path, error.rawValue)
            return nil
        }
        return pool.block(bytes[KVRecord.headerBytes...])
    }

    /// Marks blocks as used just now, a text's first block last: so it is the last to go.
    public func touch(_ keys: [KVKey]) {
        for key in keys.reversed() {
            try? FileManager.default.setAttributes(
                [.modificationDate: Date()], ofItemAtPath: directory + "/" + key.fileName)
        }
    }

    /// Writes a full block, later, on the store's thread. Where that one is far behind, the block is not kept.
    public func save(_ block: KVBlock, _ key: KVKey, tokens: [Int32], after parent: KVKey?) {
        let record = KVRecord(identity: identity, parent: parent, tokens: tokens)
        writer.append(KVWriter.Item(path: directory + "/" + key.fileName, record: record, block: block))
    }

    /// Waits until everything that was saved is on disk, or known not to get there.
    public func flush() { writer.flush() }

    private func reject(_ path: String, _ reason: String) {
        log("not using \(path): \(reason); moved aside to .bad")
        if rename(path, path + ".bad") != 0 { unlink(path) }
    }
}
