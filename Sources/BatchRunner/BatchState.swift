#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What the results in an output belong to; stands next to it as `<output>.state`.
struct BatchState: Codable, Equatable {
    var format = "carat-batch"
    var version = Self.currentVersion
    var input: InputFingerprint
    var options: String
    var shard: String
    var created: Int

    static let currentVersion = 1

    private struct Head: Decodable {
        let format: String
        let version: Int
    }

    /// nil where there is no file at `path`. Throws: `BatchError.state` for files that this program cannot go by.
    static func read(_ path: String) throws(BatchError) -> BatchState? {
        guard let identity = FileIdentity(path: path) else { return nil }
        guard identity.isRegular, identity.size < 1 << 20 else {
            throw .state(path: path, reason: "is no state of a batch")
        }
        let bytes = Data(try InputFile(path).bytes(at: 0, count: identity.size))
        guard let head = try? JSONDecoder().decode(Head.self, from: bytes), head.format == "carat-batch" else {
            throw .state(path: path, reason: "is no state of a batch")
        }
        guard head.version == currentVersion else {
            throw .state(path: path, reason: "is of version \(head.version), and this program knows \(currentVersion)")
        }
        guard let state = try? JSONDecoder().decode(BatchState.self, from: bytes) else {
            throw .state(path: path, reason: "is damaged")
        }
        return state
    }

    func write(_ path: String) throws(BatchError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(self) else { throw .state(path: path, reason: "cannot be encoded") }
        try WholeFile(path: path).replace(with: Array(bytes) + [0x0A])
    }

    /// Throws: `BatchError.changed`, which names what differs in `now`.
    func check(_ now: BatchState, output: String) throws(BatchError) {
        if input != now.input { throw .changed(what: "the input", output: output) }
        if options != now.options { throw .changed(what: "the model or an option", output: output) }
        if shard != now.shard { throw .changed(what: "--shard (it was \(shard))", output: output) }
    }
}
