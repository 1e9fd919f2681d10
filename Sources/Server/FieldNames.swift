import HTTPTypes

/// Header names that HTTPTypes does not list.
enum FieldNames {
    static let requestID = name("x-request-id")
    static let shouldRetry = name("x-should-retry")
    static let accelBuffering = name("x-accel-buffering")

    /// What the OpenAI package for JavaScript sends along.
    static let ofOpenAIClients =
        [
            "arch", "async", "custom-poll-interval", "helper-method", "lang", "os", "package-version", "poll-helper",
            "retry-count", "runtime", "runtime-version", "timeout",
        ].map { name("x-stainless-" + $0) } + [name("openai-organization"), name("openai-project")]

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no name of a header") }
        return name
    }
}
