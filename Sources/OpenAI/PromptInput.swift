import JSON
import Tokenizer

/// A prompt as text or as tokens; requests may have several.
enum PromptInput: Equatable {
    case text(String)
    case tokens([TokenID])

    /// Most prompts in a request, as in the OpenAI API.
    static let maxCount = 2048

    /// Reads a string, an array of strings, an array of token ids or an array of such.
    ///
    /// Throws: `APIError` naming the element at fault.
    static func read(_ fields: Fields, _ name: String, vocabulary: Vocabulary) throws(APIError) -> [PromptInput] {
        guard let value = fields[name] else { throw fields.missing(name) }
        let expected = "a string, an array of strings, an array of token ids, or an array of such arrays"
        if let text = value.string { return [.text(text)] }
        guard case .array(let elements) = value else { throw fields.wrongType(name, value, expected: expected) }
        guard let first = elements.first else { throw fields.wrong(name, "is empty, where \(expected) is expected.") }

        switch first {
        case .integer, .number:
            return [.tokens(try ids(elements, fields, name, vocabulary))]
        case .string, .array:
            guard elements.count <= maxCount else {
                throw fields.wrong(name, "has \(elements.count) elements, where at most \(maxCount) are possible.")
            }
            var inputs: [PromptInput] = []
            for (index, element) in elements.enumerated() {
                let place = "\(name)[\(index)]"
                switch (first, element) {
                case (.string, .string(let text)): inputs.append(.text(text))
                case (.array, .array(let elements)):
                    inputs.append(.tokens(try ids(elements, fields, place, vocabulary)))
                default: throw fields.wrong(place, "is \(element.kind), where all must be as the first: \(first.kind).")
                }
            }
            return inputs
        default:
            throw fields.wrongType("\(name)[0]", first, expected: "a string, a token id or an array of token ids")
        }
    }

    private static func ids(
        _ elements: [JSONValue], _ fields: Fields, _ name: String, _ vocabulary: Vocabulary
    ) throws(APIError) -> [TokenID] {
        guard !elements.isEmpty else { throw fields.wrong(name, "is empty, where token ids are expected.") }
        var ids: [TokenID] = []
        ids.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let place = "\(name)[\(index)]"
            guard element.double != nil else { throw fields.wrongType(place, element, expected: "a token id") }
            guard let id = element.wholeNumber.flatMap(TokenID.init(exactly:)), vocabulary.contains(id) else {
                throw fields.wrong(place, "is no token of this model. Ids go from 0 to \(vocabulary.count - 1).")
            }
            ids.append(id)
        }
        return ids
    }

    /// Text begins with BOS where the model's file says so; tokens are passed on as they are.
    func encoded(_ tokenizer: Tokenizer) -> [TokenID] {
        switch self {
        case .text(let text): tokenizer.encode(text)
        case .tokens(let ids): ids
        }
    }
}
