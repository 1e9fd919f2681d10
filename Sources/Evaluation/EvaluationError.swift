/// What keeps a model from being judged.
package enum EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
    case emptyText
    case textTooShort(tokens: Int, window: Int)
    case windowTooShort(window: Int, least: Int)
    case strideOutOfRange(stride: Int, window: Int)
    case strideWithFile
    case notANumber(window: Int)
    case cancelled
    case vocabulary(child: Int, parent: Int)
    case tokenizer
    case notALogitsFile(path: String)
    case logitsFile(path: String, fault: String)
    case logitsWindow(path: String, window: Int)
    case logitsText(path: String)
    case emptyTask(path: String)
    case line(Int, path: String, fault: String)
    case field(String, line: Int, path: String, expected: String)
    case noTokens(line: Int, part: String)
    case promptTooLong(line: Int, tokens: Int, context: Int)
    case tooFewShots(path: String, group: String?, wanted: Int, found: Int)
    case unknownTask(String, known: [String])
    case undecidedTask(path: String)
    case itemNotANumber(line: Int)

    package var description: String {
        switch self {
        case .emptyText:
            "the text is empty. Give one of some hundred words or more."
        case .textTooShort(let tokens, let window):
            "the text has \(tokens) tokens, and a window takes \(window). Give a longer text, or shorter windows (-c)."
        case .windowTooShort(let window, let least):
            "a window of \(window) tokens has nothing to score. Ask for \(least) or more (-c); figures in use are for 512."
        case .strideOutOfRange(let stride, let window):
            "a stride of \(stride) is not within a window of \(window) tokens. Ask for 1 to \(window - 1) (--stride)."
        case .strideWithFile:
            "the form of logits files has no stride. Leave --stride out, or give the parent itself (--parent)."
        case .notANumber(let window):
            """
            the model gave logits that are not numbers in window \(window). \
            Its weights hold NaN or infinities, or overflow: fetch or convert the file again.
            """
        case .cancelled:
            "cancelled before the end."
        case .vocabulary(let child, let parent):
            """
            the vocabularies differ: the model has \(child) tokens, its parent \(parent). \
            Divergence is defined between models of one vocabulary; give the file that this one was made from.
            """
        case .tokenizer:
            """
            the tokenizers differ: the same token ids stand for other texts in the parent. \
            Give the file that this model was made from.
            """
        case .notALogitsFile(let path):
            """
            \(path) is no file of log-probabilities. Make one with: carat perplexity -m PARENT.gguf -f TEXT \
            --save-logits FILE
            """
        case .logitsFile(let path, let fault):
            "\(path): \(fault). The file is damaged or incomplete; make it again with carat perplexity --save-logits."
        case .logitsWindow(let path, let window):
            """
            \(path): the log-probabilities of window \(window) are not those that were written. \
            The file is damaged; make it again with carat perplexity --save-logits.
            """
        case .logitsText(let path):
            """
            \(path) was made from another text, other windows, or by another tokenizer than this model's. \
            Leave out -f to take the file's own tokens, or make the file again from this text.
            """
        case .emptyTask(let path):
            "\(path) has no items. Give a file with a JSON object in each line."
        case .line(let line, let path, let fault):
            "\(path), line \(line): \(fault) Each line must be one JSON object."
        case .field(let name, let line, let path, let expected):
            "\(path), line \(line): `\(name)` is not \(expected). carat eval --list says what each task's lines hold."
        case .noTokens(let line, let part):
            """
            line \(line): \(part) adds no token to the prompt, so there is nothing to score. \
            Choices and targets must have text of their own.
            """
        case .promptTooLong(let line, let tokens, let context):
            """
            line \(line): prompt and answer have \(tokens) tokens, and the context has room for \(context). \
            Raise it (-c) as far as the model allows, or give fewer examples (--shots).
            """
        case .tooFewShots(let path, let group, let wanted, let found):
            """
            \(path) has \(found) examples\(group.map { " of \($0)" } ?? ""), and \(wanted) are wanted. \
            Give more lines, or a smaller --shots.
            """
        case .unknownTask(let name, let known):
            "there is no task '\(name)'. Known are \(known.joined(separator: ", "))."
        case .undecidedTask(let path):
            """
            \(path), line 1 has neither `choices`, nor `target` or `text`, nor `answer`. \
            Say what it is with --task; carat eval --list shows what each task's lines hold.
            """
        case .itemNotANumber(let line):
            """
            line \(line): the model gave log-probabilities that are not numbers. \
            Its weights hold NaN or infinities, or overflow: fetch or convert the file again.
            """
        }
    }
}
