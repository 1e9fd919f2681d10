/// What every document is asked: text around `{{document}}`, and `{{name}}` for the document's name.
public struct PromptTemplate: Sendable, Equatable {
    private let parts: [Part]

    enum Part: Equatable {
        case text(String)
        case document
        case name
    }

    /// The document itself, nothing around it.
    public static let bare = PromptTemplate(parts: [.document])

    private init(parts: [Part]) { self.parts = parts }

    /// `path` is for messages. Throws: `BatchError.template` where the document has no place or a name is unknown.
    public init(_ text: String, path: String) throws(BatchError) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else { break }
            let word = rest[open.upperBound..<close.lowerBound].drop { $0 == " " }
            let name = word.prefix { $0 != " " }
            let isName = !name.isEmpty && name.allSatisfy { $0.isLetter || $0 == "_" }
            guard isName, word.dropFirst(name.count).allSatisfy({ $0 == " " }) else {
                // braces of the text's own
                parts.append(.text(String(rest[..<open.upperBound])))
                rest = rest[open.upperBound...]
                continue
            }
            parts.append(.text(String(rest[..<open.lowerBound])))
            switch name {
            case "document": parts.append(.document)
            case "name": parts.append(.name)
            default:
                throw .template(path: path, reason: "has {{\(name)}}, where {{document}} and {{name}} are known")
            }
            rest = rest[close.upperBound...]
        }
        parts.append(.text(String(rest)))
        guard parts.contains(.document) else {
            throw .template(path: path, reason: "has no {{document}}, where the document's text would stand")
        }
        self.parts = parts
    }

    package func fill(document: String, name: String) -> String {
        parts.reduce(into: "") { result, part in
            switch part {
            case .text(let text): result += text
            case .document: result += document
            case .name: result += name
            }
        }
    }
}
