/// The number of a token in its vocabulary.
public typealias TokenID = Int32

/// What a token is for, with the numbers of SentencePiece and `tokenizer.ggml.token_type`.
public enum TokenKind: Int32, Sendable {
    case normal = 1
    /// Stands for what the vocabulary cannot say.
    case unknown = 2
    /// Has a meaning for the model and no text, such as the end of a turn.
    case control = 3
    /// Found in a text before all merging, such as a run of newlines.
    case userDefined = 4
    case unused = 5
    /// One byte of a character that has no token of its own.
    case byte = 6

    /// Whether text may become this token by merging.
    ///
    /// SentencePiece keeps the other kinds in a table of their own, which merging does not see. So text never turns
    /// into a control token, whatever the vocabulary.
    package var isReachableByMerging: Bool {
        switch self {
        case .normal, .userDefined, .unused: true
        case .unknown, .control, .byte: false
        }
    }
}
