internal import Crypto

/// What identifies the content of an input.
public struct InputFingerprint: Sendable, Equatable, Codable {
    public let sha256: String
    public let size: Int
}

/// What a batch reads: the lines of a file, or a document each. Indexed; nothing else is in memory.
public struct BatchInput: Sendable {
    package let index: LineIndex
    public let fingerprint: InputFingerprint
    private let source: Source

    private enum Source {
        case lines(LineFile)
        case documents(DocumentList)
    }

    public static let lineLimit = 16 << 20

    /// The lines of a batch file. Lines of more than `lineLimit` bytes fail alone. Throws: `BatchError`.
    public init(lines file: InputFile, lineLimit: Int = Self.lineLimit) throws(BatchError) {
        let lines = LineFile(file: file, limit: min(max(lineLimit, 1), Int(UInt32.max) - 1))
        (index, fingerprint) = try lines.index()
        source = .lines(lines)
    }

    /// One line for each document. Throws: `BatchError`.
    public init(documents list: DocumentList) throws(BatchError) {
        (index, fingerprint) = try list.index()
        source = .documents(list)
    }

    /// Lines that are no blanks, good or bad.
    public var count: Int { index.entries.count }

    package func read(_ place: Int, created: Int) throws(BatchError) -> Result<BatchLine, LineFault> {
        let entry = index.entries[place]
        return switch source {
        case .lines(let file): try file.read(entry, created: created)
        case .documents(let list): try list.read(entry, created: created)
        }
    }

    /// One hash of several texts, for the options of a batch.
    public static func hash(of texts: [String]) -> String {
        var hash = SHA256()
        for text in texts { hash.update(data: Array("\(text.utf8.count) \(text)\n".utf8)) }
        return hash.finalize().hexadecimal
    }

    /// The bytes that the index takes for a line.
    package static var bytesPerLine: Int { MemoryLayout<LineEntry>.stride }
}
