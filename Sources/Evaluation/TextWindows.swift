package import Tokenizer

/// A text in windows that are scored each for itself, cut as llama.cpp's perplexity tool cuts them.
///
/// Each window begins with BOS in place of its first token, where the model begins texts so. Without a stride, windows
/// lie side by side and the second half of each is scored, so that every scored token has at least half a window before
/// it; with one, each window begins a stride after the one before, and its last `stride` tokens are scored.
package struct TextWindows: Sendable {
    package let tokens: [TokenID]
    /// Tokens of a window.
    package let window: Int
    package let stride: Int?
    package private(set) var count: Int
    private let bos: TokenID?

    /// - Parameters:
    ///   - tokens: of the text, the BOS that begins it included.
    ///   - limit: most windows; nil takes all.
    /// Throws: `EvaluationError` when the text has not one window, or window or stride make no sense.
    package init(
        _ tokens: [TokenID], tokenizer: Tokenizer, window: Int = 512, stride: Int? = nil, limit: Int? = nil
    ) throws(EvaluationError) {
        guard window >= Self.leastWindow else { throw .windowTooShort(window: window, least: Self.leastWindow) }
        if let stride, !(1..<window).contains(stride) { throw .strideOutOfRange(stride: stride, window: window) }
        guard !tokens.isEmpty else { throw .emptyText }
        guard tokens.count >= window else { throw .textTooShort(tokens: tokens.count, window: window) }
        let all = stride.map { (tokens.count - window) / $0 + 1 } ?? tokens.count / window
        self.tokens = tokens
        self.window = window
        self.stride = stride
        count = min(all, limit ?? all)
        bos = tokenizer.vocabulary.special.addBOS == false ? nil : tokenizer.bos
    }

    /// A shorter one would score nothing.
    package static let leastWindow = 4

    /// Positions of a window whose next token is scored.
    package var scored: Range<Int> { max(0, stride.map { window - 1 - $0 } ?? window / 2)..<window - 1 }

    /// The same with at most `limit` windows.
    package func prefix(_ limit: Int?) -> TextWindows {
        var windows = self
        windows.count = min(count, limit ?? count)
        return windows
    }

    private func start(_ index: Int) -> Int { index * (stride ?? window) }

    /// Tokens at `positions` of window `index`, as the model reads them.
    func input(_ index: Int, _ positions: Range<Int>) -> [TokenID] {
        let first = start(index)
        var input = Array(tokens[first + positions.lowerBound..<first + positions.upperBound])
        if positions.lowerBound == 0, let bos { input[0] = bos }
        return input
    }

    /// The tokens that come after the given positions of window `index`.
    func targets(_ index: Int, _ positions: Range<Int>) -> ArraySlice<TokenID> {
        let first = start(index) + 1
        return tokens[first + positions.lowerBound..<first + positions.upperBound]
    }
}

/// One forward call of a text in windows: several short windows, or a part of a long one.
struct WindowStep: Sendable {
    let windows: Range<Int>
    /// Positions of each window.
    let positions: Range<Int>
    let tokens: [TokenID]
    /// Rows of the call whose next token is scored, and those tokens.
    let rows: [Int]
    let targets: [TokenID]
    /// Whether it ends its windows.
    let isLast: Bool
}

extension TextWindows {
    /// Forward calls of at most `ubatch` positions, in order.
    func steps(ubatch: Int) -> some Sequence<WindowStep> {
        let together = max(1, ubatch / window)
        let parts = Swift.stride(from: 0, to: window, by: ubatch).map { $0..<min($0 + ubatch, window) }
        return Swift.stride(from: 0, to: count, by: together).lazy.flatMap { first in
            parts.lazy.map { step(first..<min(first + together, count), $0) }
        }
    }

    private func step(_ group: Range<Int>, _ positions: Range<Int>) -> WindowStep {
        let scored = scored.clamped(to: positions)
        return WindowStep(
            windows: group, positions: positions, tokens: group.flatMap { input($0, positions) },
            rows: group.flatMap { index in
                scored.map { (index - group.lowerBound) * positions.count + $0 - positions.lowerBound }
            },
            targets: group.flatMap { targets($0, scored) }, isLast: positions.upperBound == window)
    }
}
