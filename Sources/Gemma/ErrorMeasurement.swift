public import Compute
internal import GGUF
public import Planner
internal import Tokenizer

/// Measures how far the quantized path's outputs are from the full-precision product, on the model's own activations.
///
/// A few tokens go through the model once. Wherever a projection's input is at hand, some of its rows are computed on
/// both paths. Layers whose inputs have outliers show large errors: the largest of 256 activations sets the step that
/// all of them are rounded to. The result is the same in every run and on any number of threads.
public struct ErrorMeasurement {
    /// Tokens of the run, BOS first: its position has the largest activations of all, in every text.
    static let positions = 4
    /// Rows of each weight, in slices from four places.
    private static let slices = 4
    private static let rowsPerSlice = 16

    private let model: GemmaModel
    private let executor: Executor

    public static func table(of model: GemmaModel, kernels: Kernels = .best, threads: Int) -> ErrorTable {
        let measurement = ErrorMeasurement(model: model, executor: Executor(threads: threads, kernels: kernels))
        return measurement.run()
    }

    private func run() -> ErrorTable {
        let tokens = tokens
        let gemma = Gemma(model, plan: .uniform(.quant), executor: executor, ubatch: tokens.count)
        let last = model.config.layers - 1
        let normed = Matrix(rows: tokens.count, columns: model.config.width)
        var entries: [ErrorTable.Entry] = []
        gemma.probe = { step, layer, matrix, rows in
            let weights = layer.map { model.weights.layers[$0].classed } ?? []
            let readers: [WeightClass] =
                switch step {
                case .attentionNorm: [.query, .key, .value]
                case .attention: [.attentionOutput]
                case .feedForwardNorm: [.gate, .up]
                case .gated: [.down]
                default: []
                }
            entries += errors(weights.filter { readers.contains($0.weightClass) }, layer, matrix, rows)
            if step == .afterFeedForward, layer == last {
                // the logits' input, without the logits: they are a fifth of the model
                executor.rmsNorm(
                    matrix, weight: model.weights.outputNorm, epsilon: model.config.normEpsilon, rows: rows,
                    into: normed)
                entries += errors([(.output, model.weights.output)], nil, normed, rows)
            }
        }
        // nothing asks this run to stop
        try? gemma.forward(tokens, cache: gemma.makeCache(capacity: tokens.count))
        return ErrorTable(entries)
    }

    /// BOS, then ids spread over the vocabulary in the golden ratio, past the control tokens at its start.
    private var tokens: [Int32] {
        let count = model.tokenizer.vocabulary.count
        let spread = (1..<Self.positions).map { step -> Int32 in
            let part = Double(step) * 0.618_033_988_749_895
            return Int32(Double(count) * (0.05 + 0.9 * (part - part.rounded(.down))))
        }
        return ([model.tokenizer.bos ?? 0] + spread).map { min($0, Int32(count - 1)) }
    }

    /// Relative rms errors of weights that share `input`.
    private func errors(
        _ weights: [(weightClass: WeightClass, weight: Weight)], _ layer: Int?, _ input: Matrix, _ n: Int
    ) -> [ErrorTable.Entry] {
        let int8 = weights.filter { $0.weight.format.activation != .float }
        let parts = int8.map { Self.sample($0.weight) }
        let outputs = parts.map { slices in
            slices.map { slice in
                (slice: slice, quant: Matrix(rows: n, columns: slice.rows), blas: Matrix(rows: n, columns: slice.rows))
            }
        }
        executor.project(
            input, rows: n,
            outputs.joined().flatMap {
                [Projection($0.slice, to: $0.quant, path: .quant), Projection($0.slice, to: $0.blas, path: .blas)]
            })
        return zip(int8, outputs).map { weight, outputs in
            var (error, size) = (0.0, 0.0)
            for output in outputs {
                for row in 0..<n {
                    for (a, b) in zip(output.quant[row: row], output.blas[row: row]) {
                        error += (Double(a) - Double(b)) * (Double(a) - Double(b))
                        size += Double(b) * Double(b)
                    }
                }
            }
            // a product of zeros has no error; one that is no number has nothing else
            let relative = size == 0 ? 0 : (error / size).squareRoot()
            return ErrorTable.Entry(
                layer: layer, weight.weightClass,
                error: relative.isFinite ? min(relative, ErrorTable.plausible.upperBound) : 1)
        }
    }

    /// Slices of the rows from the beginning, the end, and evenly between.
    private static func sample(_ weight: Weight) -> [Weight] {
        guard weight.rows > slices * rowsPerSlice else { return [weight] }
        return (0..<slices).map { index in
            let first = (weight.rows - rowsPerSlice) * index / (slices - 1)
            return weight.slice(first..<first + rowsPerSlice)
        }
    }
}

extension GemmaModel {
    /// What measured errors of this file belong to; nil for a model in memory, which may hold other weights each time.
    public var identity: ModelIdentity? {
        guard let modified = file.bytes.modification else { return nil }
        let hash = file.bytes.withSpan { bytes in
            var hash = FNV1a()
            for offset in stride(from: 0, through: min(file.dataOffset, bytes.byteCount) - 8, by: 8) {
                hash.add(UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
            return hash.value
        }
        return ModelIdentity(
            size: file.bytes.count, modifiedSeconds: modified.seconds, modifiedNanoseconds: modified.nanoseconds,
            headerHash: hash)
    }
}
