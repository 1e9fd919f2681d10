#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A folder of one test, which goes with it.
public final class Scratch: Sendable {
    public let folder: String

    public init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "carat-test-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    public func path(_ name: String) -> String { folder + "/" + name }
}
