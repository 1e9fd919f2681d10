public import GGUF

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Files that tests read, found from this source file's place.
public enum Fixtures {
    public static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    public static func data(_ path: String) throws -> Data { try Data(contentsOf: folder.appending(path: path)) }
    public static func text(_ path: String) throws -> String { String(decoding: try data(path), as: UTF8.self) }

    /// All nine formats of carat-tiny. The repository carries four of them; the folder that `CARAT_TEST_MODELS` names
    /// may hold the rest.
    public static func tinyModel(_ format: String) throws -> GGUFFile? {
        try path(format).map { try GGUFFile(path: $0) }
    }

    public static func hasTinyModel(_ format: String) -> Bool { path(format) != nil }

    private static func path(_ format: String) -> String? {
        let name = "carat-tiny-\(format).gguf"
        let sources = folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
        var folders = [folder.appending(path: "models"), sources.appending(path: "CTinyModel")]
        if let extra = ProcessInfo.processInfo.environment["CARAT_TEST_MODELS"] { folders.append(URL(filePath: extra)) }
        return folders.map { $0.appending(path: name).path() }.first { FileManager.default.fileExists(atPath: $0) }
    }

    /// Elements of a little-endian `.npy` array, without its header.
    public static func npy<T: BitwiseCopyable>(_ path: String, of type: T.Type) throws -> [T] {
        let bytes = [UInt8](try data(path))
        let headerLength = Int(bytes[8]) | Int(bytes[9]) << 8
        return bytes[(10 + headerLength)...].withUnsafeBytes { raw in
            (0..<raw.count / MemoryLayout<T>.stride).map {
                raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.stride, as: type)
            }
        }
    }
}
