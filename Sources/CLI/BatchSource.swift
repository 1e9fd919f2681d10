import ArgumentParser
import BatchRunner
import SystemPackage

/// Where a batch's requests come from: a file, a pipe, or documents and a question.
struct BatchSource: ParsableArguments {
    @Argument(help: "File of requests (JSONL); - is stdin, which is kept as <output>.input.")
    var input: String?
    @Option(
        help: ArgumentHelp(
            "A folder of text files, or a pattern in quotes: one request for each file.", valueName: "folder"))
    var docs: String?
    @Option(
        help: ArgumentHelp(
            "Text file with {{document}} where a document's text stands, and {{name}} for its name.", valueName: "file")
    )
    var promptTemplate: String?
    @Option(
        help: ArgumentHelp(
            "With --docs: further fields of each request, such as '{\"temperature\": 0}'.", valueName: "json"))
    var body = "{}"
    @Option(
        name: [.customShort("n"), .customLong("predict")], parsing: .unconditional,
        help: ArgumentHelp("With --docs: most tokens to generate for each.", valueName: "tokens"))
    var maxTokens: Int?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Longest line or document in MiB; longer ones fail alone.", valueName: "MiB"))
    var maxLine = 16

    func validate() throws {
        if input == nil, docs == nil {
            throw ValidationError("Give a file of requests, or --docs with a folder of text files.")
        }
        if input != nil, docs != nil { throw ValidationError("Give a file of requests or --docs, not both.") }
        guard (1...4095).contains(maxLine) else {
            throw ValidationError("--max-line is \(maxLine), where 1 to 4095 is possible.")
        }
        guard docs == nil else {
            if let maxTokens, maxTokens < 1 {
                throw ValidationError("-n is \(maxTokens), where 1 or more is possible.")
            }
            return
        }
        if promptTemplate != nil || maxTokens != nil || body != "{}" {
            throw ValidationError("--prompt-template, --body and -n go with --docs; lines say theirs themselves.")
        }
    }

    /// The file of requests; nil with --docs.
    func open() throws -> InputFile? { try input.map { try InputFile($0) } }

    /// Indexes all requests. A pipe is read to its end first.
    ///
    /// - Parameter endpoint: what documents are asked for.
    func read(_ file: InputFile?, results: BatchResults, endpoint: DocumentEndpoint) throws -> BatchInput {
        let limit = maxLine << 20
        if let docs {
            let list = try DocumentList(docs, question: question(endpoint), leavingOut: results.ownPaths, limit: limit)
            return try BatchInput(documents: list)
        }
        guard var file else { throw ValidationError("Give a file of requests, or --docs.") }
        if file.isPassing {
            let spool = BatchOutput.spoolPath(of: results.output)
            file = try file.spooled(to: spool, restarts: results.restart, output: results.output)
        }
        return try BatchInput(lines: file, lineLimit: limit)
    }

    /// What the results depend on besides the input's content.
    func options(_ endpoint: DocumentEndpoint) throws -> String {
        try docs == nil ? "lines \(maxLine)" : "documents \(maxLine) \(question(endpoint).description)"
    }

    private func question(_ endpoint: DocumentEndpoint) throws -> DocumentQuestion {
        var template = PromptTemplate.bare
        if let path = promptTemplate {
            guard let text = String(validating: try PromptInput.read(path), as: UTF8.self) else {
                throw BatchError.template(path: path, reason: "is not UTF-8")
            }
            template = try PromptTemplate(text, path: path)
        }
        return try DocumentQuestion(
            endpoint: endpoint.endpoint, template: template, fields: body,
            maxTokens: endpoint.generates ? maxTokens : nil)
    }
}

/// What documents can be asked for.
enum DocumentEndpoint: String, ExpressibleByArgument, CaseIterable, Sendable {
    case chat, completions, embeddings, score

    var generates: Bool { self == .chat || self == .completions }

    var endpoint: BatchEndpoint {
        switch self {
        case .chat: .chatCompletions
        case .completions: .completions
        case .embeddings: .embeddings
        case .score: .score
        }
    }
}
