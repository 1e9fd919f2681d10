#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Answers lines; an engine, or a stand-in of tests.
public protocol BatchAnswering: Sendable {
    /// Called for as many lines at once as the job's concurrency, in the job's order but for neighbours. The answer must
    /// depend on the line alone, or a resumed batch differs from an unbroken one. When its task is cancelled it is to
    /// return ``BatchAnswer/cancelled`` soon.
    func answer(_ line: BatchLine) async -> BatchAnswer
}

/// What became of a line.
public enum BatchAnswer: Sendable, Equatable {
    /// One result.
    case response(BatchResponse)
    /// One result for each window of a split document, in order. They are written together, as `<custom_id>#1` to `#k`.
    case windows([BatchResponse])
    /// Failed outside of HTTP's words: a result without a response.
    case failure(code: String, message: String)
    /// Not answered, because the task was cancelled. Nothing is written, and the next run answers the line.
    case cancelled

    /// An OpenAI error object under `statusCode`.
    public static func refusal(
        statusCode: Int = 400, message: String, type: String = "invalid_request_error", param: String? = nil,
        code: String? = nil
    ) -> BatchAnswer {
        .response(.refusal(statusCode: statusCode, message: message, type: type, param: param, code: code))
    }
}

/// A response as a server would have sent it, and what it took.
public struct BatchResponse: Sendable, Equatable {
    public var statusCode: Int
    /// A JSON object. Line ends between its parts are taken out.
    public var body: Data
    public var promptTokens: Int
    /// Of the prompt's tokens, those that were not computed because a cache held them.
    public var cachedTokens: Int
    public var generatedTokens: Int

    public init(
        statusCode: Int = 200, body: Data, promptTokens: Int = 0, cachedTokens: Int = 0, generatedTokens: Int = 0
    ) {
        self.statusCode = statusCode
        self.body = body
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.generatedTokens = generatedTokens
    }

    /// An OpenAI error object.
    public static func refusal(
        statusCode: Int = 400, message: String, type: String = "invalid_request_error", param: String? = nil,
        code: String? = nil
    ) -> BatchResponse {
        var text = JSONText()
        text.raw(#"{"error":{"message":"#)
        text.string(message)
        text.raw(#","type":"#)
        text.string(type)
        text.raw(#","param":"#)
        text.string(param)
        text.raw(#","code":"#)
        text.string(code)
        text.raw("}}")
        return BatchResponse(statusCode: statusCode, body: Data(text.bytes))
    }
}
