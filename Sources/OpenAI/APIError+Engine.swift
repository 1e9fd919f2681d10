public import Engine

extension APIError {
    /// What an engine's error is to a client.
    ///
    /// - Parameter param: the parameter that held the prompt.
    public init(_ error: EngineError, param: String? = nil) {
        let message = "\(error)".sentence
        self =
            switch error {
            case .promptTooLong(let tokens, let context):
                .contextLengthExceeded(tokens: tokens, context: context, param: param)
            case .option(let name, _, _):
                .invalid(message, param: Self.parameters[name] ?? name)
            case .roleOutOfTurn(let index, _, _):
                .invalid(message, param: "messages[\(index)].role")
            case .noUserMessage:
                .invalid(message, param: "messages")
            case .noChatTemplate:
                .invalid(
                    message
                        + " /v1/completions does that; a server started with --chat-template gemma takes Gemma's turns all the same.",
                    param: "messages")
            case .unsupportedChatTemplate(let model):
                .invalid(
                    """
                    The chat template in \(model) is not Gemma's, and Carat does not run template programs. \
                    Start the server with --chat-template gemma to take Gemma's turns all the same, or send \
                    /v1/completions the text to continue, or its tokens with the turns written out.
                    """, param: "messages")
            case .emptyPrompt, .tokenOutOfRange:
                .invalid(message, param: param)
            case .cacheMemory:
                .invalid(message, param: param)
            case .noTokenLeft:
                .invalid(message, param: "logit_bias")
            case .contextTooLong, .compute, .notANumber, .cacheFolder:
                .server(message)
            case .modelFileChanged, .memory, .closed:
                .unavailable(message)
            case .cancelled:
                .unavailable("The request was cancelled before its end. Send it again.")
            }
    }

    /// Names that the API has for options whose names differ in more than hyphens.
    private static let parameters = [
        "top-p": "top_p", "min-p": "min_p", "typical": "typical_p", "repeat-penalty": "repeat_penalty",
        "repeat-last-n": "repeat_last_n", "presence-penalty": "presence_penalty",
        "frequency-penalty": "frequency_penalty", "completions": "n",
    ]
}

extension String {
    /// With a capital letter at its start.
    fileprivate var sentence: String { prefix(1).uppercased() + dropFirst() }
}
