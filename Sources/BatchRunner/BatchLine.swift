#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What a line asks for.
public enum BatchEndpoint: String, Sendable, CaseIterable {
    case chatCompletions = "/v1/chat/completions"
    case completions = "/v1/completions"
    case embeddings = "/v1/embeddings"
    /// Not OpenAI's: log-probabilities of texts and of given answers.
    case score = "/v1/score"

    /// The member of the body that holds the prompt.
    var promptKey: String {
        switch self {
        case .chatCompletions: "messages"
        case .completions, .score: "prompt"
        case .embeddings: "input"
        }
    }
}

/// One good line of the input, ready to be answered.
public struct BatchLine: Sendable, Equatable {
    /// Counted from 1 as an editor counts, blank lines too. With documents: the place in the sorted list.
    public let number: Int
    public let customID: String
    public let endpoint: BatchEndpoint
    /// A JSON object as it stands in the input: valid, UTF-8, at most 64 levels deep. Nothing in it has been checked but
    /// that `stream` is not true.
    public let body: Data
    /// Unix time of the batch's first start. Answers that name a time take this one, so that a resumed batch gives the
    /// same lines as an unbroken one.
    public let created: Int
    /// The document that the body was made of; nil for lines of a file.
    public let document: BatchDocument?

    public init(
        number: Int, customID: String, endpoint: BatchEndpoint, body: Data, created: Int,
        document: BatchDocument? = nil
    ) {
        self.document = document
        self.number = number
        self.customID = customID
        self.endpoint = endpoint
        self.body = body
        self.created = created
    }

    public var url: String { endpoint.rawValue }
}

/// A document and what it is asked.
public struct BatchDocument: Sendable, Equatable {
    public let text: String
    public let name: String
    let question: DocumentQuestion

    /// The body that asks the same of a part of the document.
    public func body(for part: String) -> Data { Data(question.body(for: part, name: name)) }
}

/// Why a line cannot be answered. It fails alone.
package struct LineFault: Error, Equatable {
    /// What the line's result is called: its custom_id where it has a good one of its own, else `line-<number>`.
    package var customID: String
    package let message: String
    /// For failures that are none of the request's: the `code` of a result without a response.
    package var code: String?
    /// What is wrong with the line, as the OpenAI API calls it in a batch's errors, and the member at fault.
    package var kind = "invalid_json_line"
    package var param: String?
}
