internal import GGUF

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The folder where facts are kept that were measured once.
///
/// Any file in it may be removed at any time: it is measured again. Files are written under a temporary name and renamed,
/// so that two programs at once see whole files only.
public struct CacheFolder: Sendable {
    public let path: String

    /// A file larger than this is none of ours.
    private static let largestFile = 4 << 20

    public init(path: String) { self.path = path }

    /// The folder that this process's environment names; nil where it names none.
    public static var current: CacheFolder? { UserDirectory.cache.path.map { CacheFolder(path: $0) } }

    /// What `file` holds. Throws: `Failure` when it cannot be read as `type`; nil where there is no such file.
    func read<T: Decodable>(_ type: T.Type, from file: String) throws(Failure) -> T? {
        let full = path + "/" + file
        guard let facts = try? FileManager.default.attributesOfItem(atPath: full) else { return nil }
        guard facts[.type] as? FileAttributeType == .typeRegular, (facts[.size] as? Int ?? 0) <= Self.largestFile else {
            throw Failure(text: "\(full) is no file of Carat's")
        }
        do {
            return try JSONDecoder().decode(T.self, from: try Data(contentsOf: URL(filePath: full)))
        } catch {
            throw Failure(text: "\(full) cannot be read")
        }
    }

    /// Makes the folder where it is missing. Throws where nothing can be written to it.
    func prepare() throws(Failure) {
        do {
            try UserDirectory.create(path)
        } catch {
            throw Failure(text: "\(error)")
        }
        // the dot: a file of that name is no folder
        guard FileManager.default.isWritableFile(atPath: path + "/.") else {
            throw Failure(text: "\(path) cannot be written to")
        }
    }

    func write(_ value: some Encodable, to file: String) throws(Failure) {
        try prepare()
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            try encoder.encode(value).write(to: URL(filePath: path + "/" + file), options: .atomic)
        } catch {
            throw Failure(text: "\(path) cannot be written to")
        }
    }

    /// What went wrong, for a log: it is never an error.
    struct Failure: Error {
        let text: String
    }
}
