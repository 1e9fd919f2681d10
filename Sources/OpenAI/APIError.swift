public import JSON

/// A refusal in the words and shape of the OpenAI API.
public struct APIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// HTTP status.
    public var status: Int
    public var message: String
    public var type: String
    /// The parameter at fault, such as `messages[0].role`.
    public var param: String?
    public var code: String?
    /// Further members of the error object.
    public var details: [String: Int] = [:]
    /// Seconds after which the same request may pass; for a header, not for the body.
    public var retryAfter: Int?

    public init(status: Int, message: String, type: String, param: String? = nil, code: String? = nil) {
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
    }

    /// The body of the response: `error` with `message`, `type`, `param` and `code`, null where there is none.
    public var body: JSONValue {
        var error: [String: JSONValue] = details.mapValues { .integer($0) }
        error["message"] = .string(message)
        error["type"] = .string(type)
        error["param"] = JSONValue(param)
        error["code"] = JSONValue(code)
        return ["error": .object(error)]
    }

    public var description: String { message }
}

extension APIError {
    /// 400: the request makes no sense or asks for what Carat does not do.
    public static func invalid(_ message: String, param: String? = nil, code: String? = nil) -> APIError {
        APIError(status: 400, message: message, type: "invalid_request_error", param: param, code: code)
    }

    /// 400: the prompt does not fit, with the numbers in `n_prompt_tokens` and `n_ctx`.
    public static func contextLengthExceeded(tokens: Int, context: Int, param: String?) -> APIError {
        var error = invalid(
            """
            The prompt has \(tokens) tokens and the context has room for \(context). \
            Shorten the prompt, or start Carat with a longer context (-c) as far as the model allows.
            """, param: param, code: "context_length_exceeded")
        error.details = ["n_prompt_tokens": tokens, "n_ctx": context]
        return error
    }

    /// 404
    public static func modelNotFound(_ name: String, available: [String]) -> APIError {
        let names = available.map { "`\($0)`" }.joined(separator: ", ")
        return APIError(
            status: 404, message: "The model \(shown(name)) is not here. Ask for \(names).",
            type: "invalid_request_error", param: "model", code: "model_not_found")
    }

    /// 413
    public static func bodyTooLarge(limit: Int) -> APIError {
        APIError(
            status: 413, message: "The body has more than \(limit) bytes. Send a shorter prompt or fewer at a time.",
            type: "invalid_request_error", code: "request_too_large")
    }

    /// 429: too much waits already; the same request may pass later.
    public static func rateLimited(_ message: String) -> APIError {
        APIError(status: 429, message: message, type: "rate_limit_error", code: "rate_limit_exceeded")
    }

    /// 500: the fault is not the request's.
    public static func server(_ message: String) -> APIError {
        APIError(status: 500, message: message, type: "server_error")
    }

    /// 503
    public static func unavailable(_ message: String) -> APIError {
        APIError(status: 503, message: message, type: "service_unavailable")
    }

    /// Text of a request, cut short and without control characters, for a message.
    package static func shown(_ text: String) -> String { text.shown }
}
