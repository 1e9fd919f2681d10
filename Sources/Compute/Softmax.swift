internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What a row of logits says of one token.
public struct TokenPrediction: Sendable, Equatable {
    /// ln of the softmax at the token; NaN where a logit of the row is no number.
    public let logProbability: Double
    /// The most probable token, the first of equals.
    public let best: Int32

    public init(logProbability: Double, best: Int32) {
        self.logProbability = logProbability
        self.best = best
    }
}

/// How far one row of logits is from another.
public struct TokenDivergence: Sendable, Equatable {
    /// Kullback-Leibler divergence of the row from its parent, nats.
    public let divergence: Double
    public let parent: TokenPrediction
    public let child: TokenPrediction
}

extension Executor {
    /// For each of the first rows of `logits`, what it says of the token in its place. Vectorised, and rows in parallel:
    /// next to the product that made the logits it costs little.
    ///
    /// Precondition: at most as many tokens as rows, each a column.
    public func predictions(of tokens: ArraySlice<Int32>, in logits: Matrix) -> [TokenPrediction] {
        check(tokens, logits)
        let sum = kernels.table.pointee.softmax_sum
        return perRow(tokens.count) { row in
            Softmax(logits.row(row), logits.columns, sum).prediction(of: tokens[tokens.startIndex + row])
        }
    }

    /// The same of two models' logits, and how far the child's distributions are from the parent's.
    ///
    /// Precondition: as `predictions`, for both.
    public func divergences(
        of child: Matrix, from parent: Matrix, tokens: ArraySlice<Int32>
    ) -> [TokenDivergence] {
        check(tokens, child)
        check(tokens, parent)
        precondition(child.columns == parent.columns, "divergences: \(child.columns) and \(parent.columns) columns")
        let sum = kernels.table.pointee.softmax_sum
        let gap = kernels.table.pointee.softmax_gap
        return perRow(tokens.count) { row in
            let token = tokens[tokens.startIndex + row]
            let p = Softmax(parent.row(row), parent.columns, sum)
            let q = Softmax(child.row(row), child.columns, sum)
            // sum of p (ln p - ln q), the sums of the exponentials taken out of the logarithms
            let mean = gap(p.logits, p.maximum, q.logits, q.maximum, p.count) / p.sum
            return TokenDivergence(
                divergence: mean - log(p.sum) + log(q.sum), parent: p.prediction(of: token),
                child: q.prediction(of: token))
        }
    }

    func check(_ tokens: ArraySlice<Int32>, _ logits: Matrix) {
        precondition(tokens.count <= logits.rowCapacity, "\(tokens.count) tokens for \(logits.rowCapacity) rows")
        for token in tokens {
            precondition(token >= 0 && token < logits.columns, "token \(token) of \(logits.columns)")
        }
    }

    /// What `body` makes of each row, in order.
    func perRow<Value>(_ count: Int, _ body: (Int) -> Value) -> [Value] {
        Array(unsafeUninitializedCapacity: count) { target, initialized in
            let base = target.baseAddress
            forEach(count) { row in (base.map { $0 + row })?.initialize(to: body(row)) }
            initialized = count
        }
    }
}

/// The parts of a row's softmax.
private struct Softmax {
    let logits: UnsafePointer<Float>
    let count: Int
    var maximum: Float = 0
    /// Of exp(logit - maximum).
    var sum = 0.0

    init(
        _ logits: UnsafePointer<Float>, _ count: Int,
        _ measure: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Double>) -> Void
    ) {
        self.logits = logits
        self.count = count
        measure(logits, count, &maximum, &sum)
    }

    func prediction(of token: Int32) -> TokenPrediction {
        var best = 0
        while best + 1 < count, logits[best] != maximum { best += 1 }
        return TokenPrediction(
            logProbability: Double(logits[Int(token)] - maximum) - log(sum), best: Int32(truncatingIfNeeded: best))
    }
}
