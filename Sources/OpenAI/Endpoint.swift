/// What can be asked for.
public enum Endpoint: String, Sendable, CaseIterable {
    case chatCompletions = "/v1/chat/completions"
    case completions = "/v1/completions"
    case embeddings = "/v1/embeddings"
    /// Not OpenAI's: log-probabilities of texts and of given answers.
    case score = "/v1/score"
    /// llama-server's own.
    case llamaCompletion = "/completion"

    /// Whether a stream's last event is `[DONE]`.
    public var endsWithDone: Bool { self != .llamaCompletion }
}
