import GGUF

/// The older form of an importance matrix: a count of entries; for each its name, calls and values; then what it is of.
struct LegacyImportance {
    private(set) var entries: [String: [Float]] = [:]
    private(set) var chunkCount = 0
    private(set) var datasets: [String] = []

    /// Names are those of tensors; a longer one is a sign of a damaged file.
    private static let longestName = 1024

    /// Throws: ``QuantizerError/notAnImportanceMatrix(path:reason:)``.
    init(_ file: FileBytes, path: String) throws(QuantizerError) {
        var reader = Reader(bytes: file, path: path)
        let count = try reader.number("the number of entries")
        guard count > 0 else { throw reader.failure("it begins with neither GGUF nor a number of entries") }
        for _ in 0..<count {
            let name = try reader.text(try reader.number("the length of a name"), limit: Self.longestName)
            let calls = try reader.number("the calls of \(name)")
            let values = try reader.floats(try reader.number("the values of \(name)"))
            guard !values.isEmpty else { throw reader.failure("\(name) has no values") }
            // without a call, nothing is known of the tensor
            if calls > 0 { entries[name] = values.map { $0 / Float(calls) } }
        }
        guard !reader.isAtEnd else { return }
        chunkCount = try reader.number("the number of chunks")
        if !reader.isAtEnd {
            datasets = [try reader.text(try reader.number("the length of the text's name"), limit: 1 << 16)]
        }
    }

    private struct Reader {
        let bytes: FileBytes
        let path: String
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        func failure(_ reason: String) -> QuantizerError { .notAnImportanceMatrix(path: path, reason: reason) }

        /// A count: 32 bits, not negative.
        mutating func number(_ what: String) throws(QuantizerError) -> Int {
            let bytes = try take(4, what)
            let bits = bytes.enumerated().reduce(0 as UInt32) { $0 | UInt32($1.element) << (8 * UInt32($1.offset)) }
            guard let number = Int(exactly: Int32(bitPattern: bits)), number >= 0 else {
                throw failure("\(what) is negative")
            }
            return number
        }

        mutating func text(_ count: Int, limit: Int) throws(QuantizerError) -> String {
            guard count <= limit else { throw failure("a name has \(count) bytes") }
            return String(decoding: try take(count, "a name"), as: UTF8.self)
        }

        mutating func floats(_ count: Int) throws(QuantizerError) -> [Float] {
            let bytes = try take(4 * count, "the values")
            return (0..<count).map { index in
                let word = (0..<4).reduce(0 as UInt32) { $0 | UInt32(bytes[4 * index + $1]) << (8 * UInt32($1)) }
                return Float(bitPattern: word)
            }
        }

        private mutating func take(_ count: Int, _ what: String) throws(QuantizerError) -> [UInt8] {
            guard count <= bytes.count - position else { throw failure("it ends in \(what)") }
            defer { position += count }
            let range = position..<position + count
            return bytes.withSpan { span in span.extracting(range).withUnsafeBytes { Array($0) } }
        }
    }
}
