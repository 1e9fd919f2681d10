/// What keeps a GGUF file from being run as a Gemma model.
public enum GemmaError: Error, Equatable, Sendable, CustomStringConvertible {
    case architecture(String?)
    case missingKey(String)
    case outOfRange(key: String, value: String, allowed: String)
    case inconsistent(String)
    case tensorShape(tensor: String, found: [Int], expected: [Int])

    public var description: String {
        switch self {
        case .architecture(let name):
            """
            general.architecture is \(name.map { "'\($0.shownInMessage)'" } ?? "missing"), and Carat runs 'gemma' (Gemma 1). \
            Use a GGUF of Gemma 2B or 7B, or of a model derived from them.
            """
        case .missingKey(let key):
            "the file lacks the key \(key). It was not made as a Gemma model file: convert it again."
        case .outOfRange(let key, let value, let allowed):
            "\(key) is \(value.shownInMessage), where \(allowed) is possible. The file is damaged: fetch or convert it again."
        case .inconsistent(let what):
            "\(what). The file is damaged: fetch or convert it again."
        case .tensorShape(let tensor, let found, let expected):
            """
            tensor \(tensor) has the shape \(found), where its hyper-parameters ask for \(expected). \
            The file is damaged or mixed from two models: fetch or convert it again.
            """
        }
    }
}

extension String {
    /// Text from a file as it may stand in a message: short and without control characters.
    var shownInMessage: String {
        let clean = String(String.UnicodeScalarView(unicodeScalars.prefix(60).map { $0.value < 32 ? "?" : $0 }))
        return clean.unicodeScalars.count < unicodeScalars.count ? clean + "…" : clean
    }
}
