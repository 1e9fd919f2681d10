internal import Compute
internal import Crypto
internal import GGUF
package import Gemma
internal import Tokenizer

/// Writes a `LogitsFile` as the rows come, under a temporary name until it is complete.
package final class LogitsFileWriter {
    private let file: ReplacementFile
    private var seal: LogitsSeal
    private let windowBytes: Int
    private let count: Int
    private var window = SHA256()
    private var inWindow = 0

    /// Bytes of the file without its seal.
    package static func byteCount(_ windows: TextWindows, vocabularyCount: Int) -> Int {
        let rowBytes = LogProbabilityCodes.rowBytes(vocabularyCount: vocabularyCount)
        return 20 + windows.count * (4 * windows.window + windows.scored.count * rowBytes)
    }

    /// - Parameter description: the model's name and how it is computed, for people.
    /// Throws: `EvaluationError.strideWithFile`, or `GGUFError` when the file cannot be written.
    package init(_ path: String, windows: TextWindows, model: GemmaModel, description: String) throws {
        guard windows.stride == nil else { throw EvaluationError.strideWithFile }
        let vocabulary = model.tokenizer.vocabulary
        file = try ReplacementFile(path)
        count = windows.count
        windowBytes =
            windows.scored.count * LogProbabilityCodes.rowBytes(vocabularyCount: vocabulary.count)
        var hash = SHA256()
        model.file.bytes.withSpan { span in span.withUnsafeBytes { hash.update(bufferPointer: $0) } }
        seal = LogitsSeal(
            description: description, parent: Array(hash.finalize()), vocabulary: LogitsSeal.digest(of: vocabulary))
        var head = LogitsFile.magic
        for number in [windows.window, vocabulary.count, windows.count] {
            head += Int32(truncatingIfNeeded: number).littleEndianBytes
        }
        for token in windows.tokens.prefix(windows.window * windows.count) { head += token.littleEndianBytes }
        seal.head = Array(SHA256.hash(data: head))
        try file.write(head[...])
    }

    /// Adds whole rows, which may end one window and begin the next.
    func append(_ rows: [UInt8]) throws {
        var rest = rows[...]
        while !rest.isEmpty {
            let part = rest.prefix(windowBytes - inWindow)
            window.update(data: part)
            inWindow += part.count
            rest = rest.dropFirst(part.count)
            if inWindow == windowBytes {
                seal.windows.append(Array(window.finalize()))
                window = SHA256()
                inWindow = 0
            }
        }
        try file.write(rows[...])
    }

    /// Completes the file.
    ///
    /// Precondition: all windows were appended.
    package func finish() throws {
        precondition(seal.windows.count == count, "\(seal.windows.count) of \(count) windows")
        try file.write(seal.encoded[...])
        try file.commit()
    }
}
