/// Why a folder can't hold the files of `/v1/files` and `/v1/batches`.
package enum FolderError: Error, Equatable, CustomStringConvertible {
    case cannotUse(path: String, step: String, reason: String)
    case foreign(path: String, name: String)
    case notOurs(path: String)
    case locked(path: String)

    package var description: String {
        switch self {
        case .cannotUse(let path, let step, let reason):
            "\(path) cannot hold files: \(step): \(reason). Give another folder with --files-dir."
        case .foreign(let path, let name):
            "\(path) holds other things, such as \(name.debugDescription). Give an empty folder with --files-dir."
        case .notOurs(let path):
            "\(path) belongs to another user. Give a folder of this user's with --files-dir."
        case .locked(let path):
            "another server uses \(path). Give each server a folder of its own with --files-dir."
        }
    }
}
