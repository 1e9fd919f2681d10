/// What keeps an importance matrix from being measured.
package enum ImportanceError: Error, Equatable, Sendable, CustomStringConvertible {
    case textTooShort(tokens: Int, window: Int)
    case noOutputTensor
    case notFinite(tensor: String, chunk: Int)

    package var description: String {
        switch self {
        case .textTooShort(let tokens, let window):
            """
            the text has \(tokens) tokens after those left out, too few for one window of \(window). \
            Give a longer text or a shorter window (-c).
            """
        case .noOutputTensor:
            """
            the model has no output.weight: its output is the token embedding, which importance matrices leave out. \
            Leave --process-output out.
            """
        case .notFinite(let tensor, let chunk):
            """
            the inputs of \(tensor) have NaN or infinities in window \(chunk). \
            The model's weights are damaged, or overflow: fetch or convert the file again.
            """
        }
    }
}
