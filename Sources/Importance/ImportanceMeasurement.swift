internal import Compute
package import Gemma
internal import GGUF
package import Tokenizer

/// An importance matrix: how large the inputs of each projection are on some text, column by column. Quantizers keep the
/// weights that meet large inputs more exactly.
///
/// The text is cut into windows as llama-imatrix cuts it: each begins with BOS in place of its first token, and is
/// computed for itself. The file is the GGUF form that llama-quantize reads.
package final class ImportanceMeasurement {
    /// Windows done so far.
    package private(set) var chunks = 0
    /// Windows of the text.
    package let total: Int

    private let gemma: Gemma
    private let tokens: ArraySlice<TokenID>
    private let window: Int
    private let collector: ImportanceCollector
    private let withOutput: Bool

    /// - Parameters:
    ///   - skipped: windows at the beginning that are left out.
    ///   - most: windows at most.
    ///   - withOutput: whether the output's inputs are summed as well, for models whose output is no token embedding.
    /// Precondition: the tokens are in the vocabulary, and `window` is positive.
    /// Throws: ``ImportanceError``.
    package init(
        _ gemma: Gemma, tokens: [TokenID], window: Int, skipping skipped: Int = 0, most: Int? = nil,
        withOutput: Bool = false
    ) throws(ImportanceError) {
        precondition(window > 0 && skipped >= 0, "windows of \(window) tokens")
        guard !withOutput || gemma.model.file.tensor("output.weight") != nil else { throw .noOutputTensor }
        let (start, overflow) = skipped.multipliedReportingOverflow(by: window)
        self.tokens = tokens.dropFirst(overflow ? tokens.count : start)
        guard self.tokens.count >= window else { throw .textTooShort(tokens: self.tokens.count, window: window) }
        total = min(self.tokens.count / window, most ?? .max)
        self.gemma = gemma
        self.window = window
        self.withOutput = withOutput
        collector = ImportanceCollector(gemma.model, withOutput: withOutput)
    }

    /// Runs all windows. What is done stays when it ends early.
    ///
    /// - Parameters:
    ///   - progress: windows done, as a fraction within a window.
    ///   - isCancelled: asked before each layer; true ends the run, and the window at hand does not count.
    /// Throws: ``ImportanceError/notFinite(tensor:chunk:)``.
    package func run(
        progress: (_ windows: Double) -> Void = { _ in }, isCancelled: @escaping () -> Bool = { false }
    ) throws(ImportanceError) {
        let special = gemma.model.tokenizer.vocabulary.special
        let bos = special.addBOS ?? true ? gemma.model.tokenizer.bos : nil
        let cache = gemma.makeCache(capacity: window)
        gemma.probe = { [collector, gemma] step, layer, result, rows in
            collector.add(step, layer: layer, result, rows: rows, executor: gemma.executor)
        }
        gemma.goesOn = { _ in !isCancelled() }
        defer {
            gemma.probe = nil
            gemma.goesOn = nil
        }
        while chunks < total {
            let start = tokens.startIndex + chunks * window
            var input = Array(tokens[start..<start + window])
            if let bos { input[0] = bos }
            cache.truncate(to: 0)
            for first in stride(from: 0, to: window, by: gemma.ubatch) {
                let end = min(first + gemma.ubatch, window)
                do { try gemma.forward(Array(input[first..<end]), cache: cache) } catch { return }
                progress(Double(chunks) + Double(end) / Double(window))
                guard withOutput else { continue }
                for row in stride(from: 0, to: end - first, by: Gemma.logitRows) {
                    _ = gemma.logits(rows: row..<min(row + Gemma.logitRows, end - first))
                }
            }
            collector.keep()
            if let tensor = collector.notFinite { throw .notFinite(tensor: tensor, chunk: chunks) }
            chunks += 1
        }
    }

    /// The file that llama-quantize and `carat quantize` read: per tensor the sums of squares and the rows that they are
    /// over.
    ///
    /// - Parameter dataset: what the text is called.
    /// Throws: `GGUFError.cannotWrite`.
    package func write(to path: String, dataset: String) throws {
        var writer = GGUFWriter()
        writer.add("general.type", .string("imatrix"))
        writer.add("imatrix.datasets", .array(ArrayValue([dataset])))
        writer.add("imatrix.chunk_count", .uint32(UInt32(clamping: chunks)))
        writer.add("imatrix.chunk_size", .uint32(UInt32(clamping: window)))
        for (tensor, squares, rows) in collector.entries {
            func add(_ suffix: String, _ values: [Float]) {
                writer.addTensor(
                    tensor + suffix, type: .F32, shape: [values.count],
                    bytes: values.flatMap { value in
                        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
                    })
            }
            add(".in_sum2", squares.map(Float.init))
            add(".counts", [Float(rows)])
        }
        try writer.write(to: path)
    }
}
