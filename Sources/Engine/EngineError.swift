public import Compute

/// What keeps a request from being run to its end.
public enum EngineError: Error, Equatable, Sendable, CustomStringConvertible {
    case emptyPrompt
    case promptTooLong(tokens: Int, context: Int)
    case contextTooLong(requested: Int, limit: Int)
    case memory(needed: Int, available: Int, context: Int)
    case cacheMemory(blocks: Int, limit: Int, blockBytes: Int)
    case cacheFolder(reason: String)
    case closed
    case compute(ComputeError)
    case tokenOutOfRange(id: Int, vocabulary: Int)
    case option(name: String, value: String, allowed: String)
    case notANumber(position: Int)
    case noTokenLeft(position: Int)
    case noChatTemplate(model: String)
    case unsupportedChatTemplate(model: String)
    case roleOutOfTurn(message: Int, role: ChatMessage.Role, expected: ChatMessage.Role)
    case noUserMessage
    case modelFileChanged(path: String)
    case cancelled

    public var description: String {
        switch self {
        case .emptyPrompt:
            "the prompt has no tokens. Give some text, or use a model whose file adds a BOS token."
        case .promptTooLong(let tokens, let context):
            """
            the prompt has \(tokens) tokens and the context has room for \(context). \
            Shorten the prompt or raise the context (-c) as far as the model allows.
            """
        case .contextTooLong(let requested, let limit):
            "a context of \(requested) tokens is more than the \(limit) the model was made for. Ask for at most \(limit) (-c)."
        case .memory(let needed, let available, let context):
            """
            the model with a context of \(context) tokens needs \(needed >> 20) MiB and \(available >> 20) MiB are to be had. \
            Ask for a shorter context (-c) or take a smaller file.
            """
        case .cacheMemory(let blocks, let limit, let blockBytes):
            """
            the request's keys and values may take \(blocks * blockBytes >> 20) MiB and \(limit * blockBytes >> 20) MiB are \
            to be had. Ask for fewer tokens or completions.
            """
        case .cacheFolder(let reason):
            "no folder for the prefix cache: \(reason). Give another or none (--cache-dir)."
        case .closed:
            "the engine was closed. Open another."
        case .compute(let error):
            "\(error)"
        case .tokenOutOfRange(let id, let vocabulary):
            "token id \(id) is outside of the vocabulary. Ids go from 0 to \(vocabulary - 1)."
        case .option(let name, let value, let allowed):
            "\(name) is \(value), where \(allowed) is possible."
        case .notANumber(let position):
            """
            the model gave logits that are not numbers after token \(position). \
            Its weights hold NaN or infinities, or overflow: fetch or convert the file again.
            """
        case .noTokenLeft(let position):
            """
            no token is left to choose after token \(position): logit biases ban all that the answer's format allows. \
            Take some of them away; if there are none, the model's vocabulary lacks tokens for single bytes.
            """
        case .unsupportedChatTemplate(let model):
            """
            the chat template in \(model) is not Gemma's, and Carat does not run template programs. \
            Give it text to continue instead (--raw), with the turns written out.
            """
        case .roleOutOfTurn(let message, let role, let expected):
            """
            message \(message) has the role \(role), where Gemma's turns need \(expected). \
            After any system messages begin with user, then let assistant and user take turns; join what one of them \
            says twice in a row.
            """
        case .noUserMessage:
            "the conversation has no user's message. Add one: Gemma replies to users only."
        case .modelFileChanged(let path):
            "\(path) was changed on disk since it was opened. Open it again; replace model files by renaming a new one."
        case .cancelled:
            "cancelled before the end."
        case .noChatTemplate(let model):
            "\(model) is a base model without a chat template. Give it text to continue instead of a conversation."
        }
    }
}
