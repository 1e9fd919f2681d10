import BatchRunner
package import OpenAI
import SystemPackage

/// A file that is coming in: on disk from its first byte, and gone again unless it is finished.
package final class FileUpload {
    private let store: FileStore
    private let id: ItemID
    private let temporary: String
    private let descriptor: FileDescriptor
    private var isOpen = true
    private var isKept = false
    package private(set) var bytes = 0

    /// Room is set aside in steps, so that each chunk need not ask for it.
    private var reserved = 0
    private static let step = 1 << 20

    /// Throws: `APIError`.
    package init(to store: FileStore) throws(APIError) {
        self.store = store
        id = store.newID()
        temporary = FileStore.uploadMark + id.description
        let path = store.folder.path(temporary)
        do {
            descriptor = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite)
        } catch {
            throw .cannotKeep(error)
        }
    }

    deinit {
        if isOpen { try? descriptor.close() }
        if !isKept { store.folder.remove(temporary) }
        store.free(reserved)
    }

    /// Throws: `APIError` with status 413 where the file is too large, 507 where the disk or the store is full.
    package func write(_ chunk: ArraySlice<UInt8>) throws(APIError) {
        guard chunk.count <= store.limits.file - bytes else {
            throw .fileTooLarge(limit: store.limits.file)
        }
        if bytes + chunk.count > reserved {
            let more = max(Self.step, bytes + chunk.count - reserved)
            try store.reserve(more)
            reserved += more
        }
        do { _ = try descriptor.writeAll(chunk) } catch { throw .cannotKeep(error) }
        bytes += chunk.count
    }

    /// Brings the file to disk and gives it its name. Throws: `APIError`.
    package func finish(filename: String, purpose: StoredFile.Purpose) async throws(APIError) -> StoredFile {
        let descriptor = descriptor
        do {
            try await Blocking.run { Result { () throws(Errno) in try descriptor.syncAll() } }
        } catch {
            throw .cannotKeep(error)
        }
        isOpen = false
        try? descriptor.close()
        let file = StoredFile(
            id: id, bytes: bytes, created: UnixTime.now, filename: filename, purpose: purpose)
        do { try store.add(file, content: temporary) } catch { throw .cannotKeep(error) }
        isKept = true
        return file
    }
}

extension APIError {
    /// 413
    package static func fileTooLarge(limit: Int) -> APIError {
        APIError(
            status: 413, message: "The file has more than \(limit) bytes. Split it.", type: "invalid_request_error",
            param: "file", code: "file_too_large")
    }

    /// A full disk is told as such, with no paths in it.
    static func cannotKeep(_ error: any Error) -> APIError {
        var reason = error as? Errno
        if case .cannotWrite(_, let cause)? = error as? BatchError { reason = cause }
        if reason == .noSpace || reason == .diskQuotaExceeded {
            return APIError(
                status: 507, message: "The server's disk is full. Delete files that are no longer needed.",
                type: "insufficient_storage", code: "disk_full")
        }
        return .server("The server cannot keep the file: \(reason?.description ?? "an unknown reason").")
    }
}
