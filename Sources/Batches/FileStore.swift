package import BatchRunner
package import OpenAI
import Synchronization

/// The files of `/v1/files`: what clients sent and what batches made.
///
/// A file is there when its content and its description (`<id>.json`) both are, under names made here. The content gets
/// its name last and loses it first, so a crash leaves no half of a file that would be taken for a whole one.
package final class FileStore: Sendable {
    /// Bytes that clients' files and results may have together, and one file of a client.
    package struct Limits: Sendable {
        package var total: Int
        package var file: Int

        package init(total: Int = 4 << 30, file: Int = 200_000_000) {
            self.total = total
            self.file = file
        }
    }

    let folder: FileFolder
    package let limits: Limits
    private let state: Mutex<State>

    private struct State {
        var files: [ItemID: StoredFile] = [:]
        /// By unfinished batches that read them.
        var holds: [ItemID: Int] = [:]
        /// Bytes of all files, and of those that are coming in.
        var used = 0
        var last: ItemID?
    }

    static let uploadMark = "upload-"

    /// Finds what is in the folder, and removes what a crash left of uploads and deletions.
    package init(_ folder: FileFolder, limits: Limits = Limits()) {
        self.folder = folder
        self.limits = limits
        var found = State()
        for name in folder.names {
            if name.hasPrefix(Self.uploadMark) || name.contains(".part-") { folder.remove(name) }
            guard name.hasSuffix(".json"), let id = ItemID(String(name.dropLast(5)), .file) else { continue }
            if let file: StoredFile = folder.read(name), file.id == id, folder.size(id.description) == file.bytes {
                found.files[id] = file
                found.used += Self.weight(file.bytes)
            } else {
                folder.remove(name)
            }
        }
        for name in folder.names {
            if let id = ItemID(name, .file), found.files[id] == nil { folder.remove(name) }
        }
        found.last = found.files.keys.max()
        state = Mutex(found)
    }

    /// Bytes that a file takes on a disk, at least: a million empty ones are not nothing.
    private static func weight(_ bytes: Int) -> Int { max(bytes, 4096) }

    /// The latest first.
    package var all: [StoredFile] { state.withLock { $0.files.values.sorted { $0.id > $1.id } } }

    /// Throws: `APIError` with status 404.
    package func file(_ id: String) throws(APIError) -> StoredFile {
        guard let id = ItemID(id, .file), let file = state.withLock({ $0.files[id] }) else {
            throw .noSuchFile(id, param: nil)
        }
        return file
    }

    /// The content, which stays readable while this is open. Throws: `APIError`.
    package func open(_ file: StoredFile) throws(APIError) -> InputFile {
        do {
            return try InputFile(notALink: folder.path(file.id.description))
        } catch {
            throw .noSuchFile(file.id.description, param: nil)
        }
    }

    /// Throws: `APIError` with status 404, and 409 where an unfinished batch reads the file.
    package func delete(_ id: String) throws(APIError) -> StoredFile {
        let file = try file(id)
        let isHeld = state.withLock { state in
            if state.holds[file.id] != nil { return true }
            if state.files.removeValue(forKey: file.id) != nil { state.used -= Self.weight(file.bytes) }
            return false
        }
        guard !isHeld else {
            throw APIError(
                status: 409,
                message: "A batch that is not finished reads \(id). Cancel the batch first, or wait for it.",
                type: "invalid_request_error", code: "file_in_use")
        }
        folder.remove(file.id.description)
        folder.remove(file.id.description + ".json")
        return file
    }

    /// Keeps a file from being deleted, until as many releases. Throws: `APIError`.
    func hold(_ id: String) throws(APIError) -> StoredFile {
        let file = state.withLock { state -> StoredFile? in
            guard let id = ItemID(id, .file), let file = state.files[id] else { return nil }
            state.holds[id, default: 0] += 1
            return file
        }
        guard let file else { throw .noSuchFile(id, param: "input_file_id") }
        return file
    }

    func release(_ id: ItemID) {
        state.withLock { state in
            guard let count = state.holds[id] else { return }
            state.holds[id] = count > 1 ? count - 1 : nil
        }
    }

    /// Throws: `APIError` with status 507 where there is no room for `more` bytes.
    func reserve(_ more: Int) throws(APIError) {
        let isFull = state.withLock { state in
            guard state.used + more <= limits.total else { return true }
            state.used += more
            return false
        }
        guard !isFull else { throw .storeIsFull(limits.total) }
    }

    func free(_ bytes: Int) { state.withLock { $0.used -= bytes } }

    func newID() -> ItemID {
        state.withLock { state in
            let id = ItemID(.file, after: state.last)
            state.last = id
            return id
        }
    }

    /// Makes the complete and synced file `name` of the folder the content of `file`. Its bytes are counted, not limited.
    ///
    /// Throws: `BatchError.cannotWrite`.
    func add(_ file: StoredFile, content name: String) throws(BatchError) {
        try folder.write(file, to: file.id.description + ".json")
        let path = folder.path(file.id.description)
        do {
            try WholeFile(path: path).take(folder.path(name))
        } catch {
            folder.remove(file.id.description + ".json")
            throw .cannotWrite(path: path, reason: error)
        }
        state.withLock { state in
            if state.files.updateValue(file, forKey: file.id) == nil { state.used += Self.weight(file.bytes) }
            state.last = max(state.last ?? file.id, file.id)
        }
    }
}

extension APIError {
    static func noSuchFile(_ id: String, param: String?) -> APIError {
        APIError(
            status: 404, message: "There is no file \(shown(id)). GET /v1/files lists those that there are.",
            type: "invalid_request_error", param: param, code: "file_not_found")
    }

    static func storeIsFull(_ limit: Int) -> APIError {
        APIError(
            status: 507,
            message:
                "The server keeps at most \(limit) bytes of files (--files-limit). Delete files that are no longer needed.",
            type: "insufficient_storage", code: "file_store_full")
    }
}
