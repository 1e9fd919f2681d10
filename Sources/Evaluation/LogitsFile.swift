internal import Crypto
internal import Compute
internal import GGUF
package import Tokenizer

/// The log-probabilities of a parent model on a text, from a file.
///
/// The form is that of llama.cpp's `--kl-divergence-base`, so either program reads what the other wrote: "_logits_", the
/// tokens of a window, the vocabulary's and the windows' count as Int32, the tokens of all windows as Int32, then for
/// each scored position a row of `LogProbabilityCodes`. Carat appends a seal (`LogitsSeal`), which other readers don't
/// see: with it the file is known to be whole, and whose it is.
///
/// Nothing in the file is believed: sizes are checked before they are used, tokens and rows as they are read.
package struct LogitsFile {
    package let path: String
    package let windows: TextWindows
    package let vocabularyCount: Int
    /// nil for files of llama.cpp.
    package let seal: LogitsSeal?
    private let bytes: FileBytes
    private let dataOffset: Int
    private let rowBytes: Int

    static let magic = Array("_logits_".utf8)

    /// - Parameter tokenizer: of the model that is to be compared with the parent.
    /// Throws: `GGUFError` when the file cannot be mapped, and `EvaluationError` when it is none of its kind, is
    /// damaged, or does not fit the tokenizer.
    package init(path: String, tokenizer: Tokenizer) throws {
        let bytes = try FileBytes(mapping: path)
        func fault(_ text: String) -> EvaluationError { .logitsFile(path: path, fault: text) }
        guard bytes.count >= 20, bytes.array(0..<8) == Self.magic else {
            throw EvaluationError.notALogitsFile(path: path)
        }
        let (window, vocabulary, count) = (bytes.int32(8), bytes.int32(12), bytes.int32(16))
        guard window >= TextWindows.leastWindow, window <= 1 << 24, count >= 1, vocabulary >= 1 else {
            throw fault("it says that it has \(count) windows of \(window) tokens out of \(vocabulary)")
        }
        let expected = tokenizer.vocabulary.count
        guard vocabulary == expected else {
            throw EvaluationError.vocabulary(child: expected, parent: vocabulary)
        }
        // each factor is below 2^31, but not their product
        let rowBytes = LogProbabilityCodes.rowBytes(vocabularyCount: vocabulary)
        let rows = window - 1 - window / 2
        let (perWindow, overflow) = (rows * rowBytes).addingReportingOverflow(4 * window)
        let (sum, overflow2) = perWindow.multipliedReportingOverflow(by: count)
        let (end, overflow3) = sum.addingReportingOverflow(20)
        guard !overflow, !overflow2, !overflow3, end <= bytes.count else {
            throw fault("it has \(bytes.count) bytes, fewer than its \(count) windows of \(window) tokens take")
        }
        dataOffset = 20 + 4 * window * count
        let tokens = (0..<window * count).map { TokenID(bytes.int32(20 + 4 * $0)) }
        if let index = tokens.firstIndex(where: { !tokenizer.vocabulary.contains($0) }) {
            throw fault("token \(index) is \(tokens[index]), which is no token of the vocabulary")
        }
        if end < bytes.count {
            let seal = try LogitsSeal(bytes, from: end, windows: count, path: path)
            guard seal.head == Array(SHA256.hash(data: bytes.array(0..<dataOffset))) else {
                throw fault("its tokens are not those that were written")
            }
            guard seal.vocabulary == LogitsSeal.digest(of: tokenizer.vocabulary) else {
                throw EvaluationError.tokenizer
            }
            self.seal = seal
        } else {
            seal = nil
        }
        windows = try TextWindows(tokens, tokenizer: tokenizer, window: window)
        vocabularyCount = vocabulary
        self.path = path
        self.bytes = bytes
        self.rowBytes = rowBytes
    }

    /// Throws: `EvaluationError.logitsText` unless the file is of the first of these windows.
    package func require(_ other: TextWindows) throws(EvaluationError) {
        guard other.window == windows.window, other.stride == nil, other.tokens.starts(with: windows.tokens)
        else { throw .logitsText(path: path) }
    }

    /// Rows of one window.
    private var rows: Int { windows.scored.count }

    /// Throws: `EvaluationError.logitsWindow` unless the window's rows are those that were written; without a seal that
    /// cannot be known.
    func verify(window: Int) throws(EvaluationError) {
        guard let seal else { return }
        let size = rows * rowBytes
        let start = dataOffset + window * size
        var hash = SHA256()
        bytes.withSpan { span in
            span.extracting(start..<start + size).withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        guard Array(hash.finalize()) == seal.windows[window] else {
            throw .logitsWindow(path: path, window: window + 1)
        }
    }

    /// Decodes rows `first ..< first + tokens.count` of the whole file into `logits`, whose softmax then is the parent's
    /// distribution.
    ///
    /// Returns: the parent's ln p of `tokens`.
    /// Throws: `EvaluationError.logitsWindow` where a row is no distribution.
    func read(
        from first: Int, tokens: ArraySlice<TokenID>, into logits: Matrix, executor: Executor
    ) throws(EvaluationError) -> [Double] {
        let stored = executor.decodeLogProbabilities(
            in: bytes, at: dataOffset + first * rowBytes, tokens: tokens, into: logits)
        var values: [Double] = []
        for (index, value) in stored.enumerated() {
            guard let value else { throw .logitsWindow(path: path, window: (first + index) / rows + 1) }
            values.append(value)
        }
        return values
    }
}

extension FileBytes {
    /// A little-endian Int32.
    func int32(_ offset: Int) -> Int {
        withSpan { Int(Int32(littleEndian: $0.unsafeLoadUnaligned(fromByteOffset: offset, as: Int32.self))) }
    }

    func array(_ range: Range<Int>) -> [UInt8] {
        withSpan { span in range.map { span.unsafeLoadUnaligned(fromByteOffset: $0, as: UInt8.self) } }
    }
}
