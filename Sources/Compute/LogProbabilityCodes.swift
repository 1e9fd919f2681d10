internal import CKernels
public import GGUF

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A row of log-probabilities in 16 bits each, as llama.cpp's perplexity tool stores them for `--kl-divergence`.
///
/// A row begins with two Floats, the step and the least log-probability, then has a code for each token, and one more
/// where the vocabulary is odd: ln p = least + step * code. What lies more than 16 below the most probable token has
/// code 0.
public enum LogProbabilityCodes {
    /// Bytes of a row.
    public static func rowBytes(vocabularyCount: Int) -> Int { 8 + (vocabularyCount + 1) / 2 * 4 }

    /// How far below the most probable token a log-probability may lie and still be told from 0.
    static let range: Float = 16
    /// Stands for the logit of a token whose probability is as good as none.
    static let nothing: Float = -1000
}

extension Executor {
    /// The first `rows` rows of logits as codes, one row after the other.
    public func logProbabilityCodes(_ logits: Matrix, rows: Int) -> [UInt8] {
        precondition(rows <= logits.rowCapacity, "codes of \(rows) rows")
        let columns = logits.columns
        let rowBytes = LogProbabilityCodes.rowBytes(vocabularyCount: columns)
        let measure = kernels.table.pointee.softmax_sum
        return Array(unsafeUninitializedCapacity: rows * rowBytes) { target, initialized in
            let base = target.baseAddress.map { UnsafeMutableRawPointer($0) }
            forEach(rows) { row in
                guard let out = base.map({ $0 + row * rowBytes }) else { return }
                let x = logits.row(row)
                var (maximum, sum): (Float, Double) = (0, 0)
                measure(x, columns, &maximum, &sum)
                var least = maximum
                for i in 0..<columns { least = x[i] < least ? x[i] : least }
                least = max(least, maximum - LogProbabilityCodes.range)
                let step = (maximum - least) / 65_535
                out.storeBytes(of: step.bitPattern.littleEndian, as: UInt32.self)
                let lowest = least - maximum - Float(log(sum))
                out.storeBytes(of: lowest.bitPattern.littleEndian, toByteOffset: 4, as: UInt32.self)
                let codes = (out + 8).bindMemory(to: UInt16.self, capacity: columns + 1)
                if !columns.isMultiple(of: 2) { codes[columns] = 0 }
                let scale = step > 0 ? 1 / step : 0
                for i in 0..<columns {
                    // adding 1.5 * 2^23 leaves the nearest whole number in the lowest bits
                    let code = (max(0, (x[i] - least) * scale) + 12_582_912).bitPattern & 0x7F_FFFF
                    codes[i] = UInt16(truncatingIfNeeded: min(code ^ 0x40_0000, 65_535)).littleEndian
                }
            }
            initialized = rows * rowBytes
        }
    }

    /// Turns rows of codes into logits whose softmax is the stored distribution; tokens with next to no probability get
    /// none.
    ///
    /// - Parameters:
    ///   - offset: where in the file the rows begin.
    ///   - tokens: one for each row.
    /// - Returns: for each row the stored ln p of its token; nil where the row is no distribution.
    /// Precondition: the file has as many whole rows there as there are tokens, for the matrix's columns.
    public func decodeLogProbabilities(
        in file: FileBytes, at offset: Int, tokens: ArraySlice<Int32>, into logits: Matrix
    ) -> [Double?] {
        let rowBytes = LogProbabilityCodes.rowBytes(vocabularyCount: logits.columns)
        check(tokens, logits)
        let base = file.pointer(at: offset, count: tokens.count * rowBytes)
        let measure = kernels.table.pointee.softmax_sum
        return withExtendedLifetime(file) {
            perRow(tokens.count) { row in
                let stored = StoredRow(base + row * rowBytes)
                guard stored.isPossible else { return nil }
                stored.decode(into: logits.row(row), count: logits.columns)
                var (maximum, sum): (Float, Double) = (0, 0)
                measure(logits.row(row), logits.columns, &maximum, &sum)
                // probabilities below exp(-16), which are left out, are 3 % of 256,000 tokens at the very most
                guard (0.95...1.02).contains(sum * exp(Double(maximum))) else { return nil }
                return Double(stored[Int(tokens[tokens.startIndex + row])])
            }
        }
    }
}

/// A row of codes in memory.
private struct StoredRow {
    private let start: UnsafeRawPointer
    private let step: Float
    private let least: Float

    init(_ start: UnsafeRawPointer) {
        self.start = start
        func float(_ offset: Int) -> Float {
            Float(bitPattern: UInt32(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        step = float(0)
        least = float(4)
    }

    /// Whether step and least can be those of log-probabilities; NaN is none.
    var isPossible: Bool { step >= 0 && step <= 1 && least > -100 && least + step * 65_535 <= 0.01 && least <= 0 }

    subscript(token: Int) -> Float {
        let code = UInt16(littleEndian: start.loadUnaligned(fromByteOffset: 8 + 2 * token, as: UInt16.self))
        return least + step * Float(code)
    }

    func decode(into logits: UnsafeMutablePointer<Float>, count: Int) {
        for token in 0..<count {
            let value = self[token]
            logits[token] = value > -LogProbabilityCodes.range ? value : LogProbabilityCodes.nothing
        }
    }
}
