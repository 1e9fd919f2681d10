internal import GGUF
internal import JSON

/// Texts, scores and kinds of all tokens: those of tokenizer.model, changed by what the JSON files add.
struct TokenList {
    private(set) var texts: [[UInt8]]
    private(set) var scores: [Float]
    private(set) var kinds: [Int32]
    private var unnamed: Set<Int>

    /// Tokens that no file names.
    var paddingCount: Int { unnamed.count }

    var count: Int { texts.count }

    /// Ids up to `count` that no file names are unused.
    ///
    /// Throws: ``ConversionError``.
    init(_ model: SentencePieceModel, count: Int, folder: HuggingFaceFolder) throws(ConversionError) {
        texts = (0..<count).map { Array("[PAD\($0)]".utf8) }
        scores = Array(repeating: -10_000, count: count)
        kinds = Array(repeating: Self.unused, count: count)
        unnamed = Set(min(model.pieces.count, count)..<count)
        for (id, piece) in model.pieces.prefix(count).enumerated() {
            texts[id] = Array(piece.text)
            scores[id] = piece.score
            // texts that a user defined become normal ones, unless tokenizer_config.json says otherwise
            kinds[id] = piece.kind == .userDefined ? Self.normal : Int32(piece.kind.rawValue)
        }
        try addTokens(of: folder)
        try addDecoderTokens(of: folder)
    }

    private static let normal: Int32 = 1
    private static let control: Int32 = 3
    private static let userDefined: Int32 = 4
    private static let unused: Int32 = 5
    private static let addedScore: Float = -1_000

    private mutating func addTokens(of folder: HuggingFaceFolder) throws(ConversionError) {
        let name = "added_tokens.json"
        guard let json = try folder.json(name) else { return }
        guard case .object(let tokens) = json else {
            throw .json(path: folder.path + "/" + name, reason: "it is no object.")
        }
        for text in tokens.names {
            guard let id = tokens[text]?.wholeNumber, id >= 0 else {
                throw .member(path: folder.path + "/" + name, member: text, expected: "token id")
            }
            set(id, Array(text.utf8), Self.userDefined)
        }
    }

    private mutating func addDecoderTokens(of folder: HuggingFaceFolder) throws(ConversionError) {
        let name = "tokenizer_config.json"
        guard case .object(let tokens) = try folder.json(name)?["added_tokens_decoder"] else { return }
        for key in tokens.names {
            guard let id = Int(key), id >= 0, let text = tokens[key]?["content"]?.string else {
                throw .member(
                    path: folder.path + "/" + name, member: "added_tokens_decoder." + key,
                    expected: "token with a content")
            }
            if tokens[key]?["special"] == true || Self.looksSpecial(text) {
                set(id, Array(text.utf8), Self.control)
            } else {
                let spaced = String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 })
                set(id, Array(String(spaced).utf8), Self.userDefined)
            }
        }
    }

    /// Ids outside of the model's vocabulary have no row in it, and are left out.
    private mutating func set(_ id: Int, _ text: [UInt8], _ kind: Int32) {
        guard id < count else { return }
        unnamed.remove(id)
        texts[id] = text
        scores[id] = Self.addedScore
        kinds[id] = kind
    }

    /// Control tokens that some files do not mark as such.
    private static func looksSpecial(_ text: String) -> Bool {
        ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(text) || text.hasPrefix("<|") && text.hasSuffix("|>")
            || text.hasPrefix("<｜") && text.hasSuffix("｜>") || text.hasPrefix("<unused") && text.hasSuffix(">")
    }

    /// The token with exactly this text.
    func id(of text: String) -> Int? {
        let bytes = Array(text.utf8)
        return texts.firstIndex(of: bytes)
    }

    var metadata: [(String, Metadata.Value)] {
        [
            ("tokenizer.ggml.model", .string("llama")),
            ("tokenizer.ggml.pre", .string("default")),
            ("tokenizer.ggml.tokens", .array(ArrayValue(StringArray(texts)))),
            ("tokenizer.ggml.scores", .array(ArrayValue(scores))),
            ("tokenizer.ggml.token_type", .array(ArrayValue(kinds))),
        ]
    }
}
