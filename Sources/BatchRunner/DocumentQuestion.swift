/// What each document is asked: where its request goes, the prompt, and the request's other fields.
public struct DocumentQuestion: Sendable, Equatable {
    public let endpoint: BatchEndpoint
    public let template: PromptTemplate
    /// The members of a JSON object, without its braces; empty for none.
    private let fields: [UInt8]

    /// `fields` is a JSON object such as `{"max_tokens": 100}`, whose members come into each body after the prompt.
    /// `maxTokens` becomes one more. Throws: `BatchError.option` where it is none, or holds what is given already.
    public init(
        endpoint: BatchEndpoint, template: PromptTemplate, fields: String = "{}", maxTokens: Int? = nil
    ) throws(BatchError) {
        self.endpoint = endpoint
        self.template = template
        let bytes = JSONText.compact(fields.utf8)
        var scan = JSONScan(bytes)
        do { try scan.object() } catch {
            throw .option(name: "--body", reason: "is no JSON object: \(error.reason)")
        }
        for key in [endpoint.promptKey, "stream"] where scan.value(key) != nil {
            throw .option(name: "--body", reason: "holds \(key), which the batch gives each document itself")
        }
        var members = Array(bytes.dropFirst().dropLast())
        if let maxTokens {
            guard scan.value("max_tokens") == nil else {
                throw .option(name: "--body", reason: "holds max_tokens, which -n gives")
            }
            members += Array("\(members.isEmpty ? "" : ",")\"max_tokens\":\(maxTokens)".utf8)
        }
        self.fields = members
    }

    /// The names of the fields with their values, for the batch's options.
    public var description: String {
        "\(endpoint.rawValue) {\(String(decoding: fields, as: UTF8.self))} \(template.fill(document: "{{document}}", name: "{{name}}"))"
    }

    package func body(for document: String, name: String) -> [UInt8] {
        let prompt = template.fill(document: document, name: name)
        var text = JSONText()
        text.raw("{\"\(endpoint.promptKey)\":")
        if endpoint == .chatCompletions { text.raw(#"[{"role":"user","content":"#) }
        text.string(prompt)
        if endpoint == .chatCompletions { text.raw("}]") }
        if !fields.isEmpty {
            text.raw(",")
            text.raw(fields)
        }
        text.raw("}")
        return text.bytes
    }
}
