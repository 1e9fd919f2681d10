/// A part of a prompt made of texts and control tokens.
public enum PromptPart: Sendable, Equatable {
    /// Text, in which nothing is taken for a control token.
    case text(String)
    case token(TokenID)
}

/// Text to tokens and back, with the ids that SentencePiece and llama.cpp give.
public struct Tokenizer: Sendable {
    public let vocabulary: Vocabulary
    private let plainSplitter: SpecialTokenSplitter
    private let controlSplitter: SpecialTokenSplitter

    public init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        plainSplitter = SpecialTokenSplitter(vocabulary, withControl: false)
        controlSplitter = SpecialTokenSplitter(vocabulary, withControl: true)
    }

    public var bos: TokenID? { vocabulary.special.bos }
    public var eos: TokenID? { vocabulary.special.eos }
    public var endOfTurn: TokenID? { vocabulary.special.endOfTurn }

    /// Tokens that end generation: end of text, end of turn and their kin.
    public var endOfGeneration: Set<TokenID> { vocabulary.endOfGeneration }
}

extension Tokenizer {
    /// The tokens of `text`.
    ///
    /// - Parameters:
    ///   - addBOS: begins with BOS; `nil` does as the file says.
    ///   - addEOS: ends with EOS; `nil` does as the file says, and not without BOS when that was declined.
    ///   - parseSpecial: takes the text `<end_of_turn>` for that token. For prompts written by the program, never for
    ///     what users write.
    /// - Complexity: O(n log n) for n bytes of text.
    public func encode(
        _ text: String, addBOS: Bool? = nil, addEOS: Bool? = nil, parseSpecial: Bool = false
    ) -> [TokenID] {
        encode(utf8: text.utf8Span.span, addBOS: addBOS, addEOS: addEOS, parseSpecial: parseSpecial)
    }

    /// The tokens of bytes that should be UTF-8; what is not is encoded byte by byte.
    public func encode(
        utf8 text: Span<UInt8>, addBOS: Bool? = nil, addEOS: Bool? = nil, parseSpecial: Bool = false
    ) -> [TokenID] {
        var encoder = TextEncoder(vocabulary, parseSpecial ? controlSplitter : plainSplitter)
        if let bos, addBOS ?? vocabulary.special.addBOS ?? true { encoder.append(bos) }
        encoder.append(text)
        if let eos, addEOS ?? (addBOS != false && vocabulary.special.addEOS == true) { encoder.append(eos) }
        return encoder.output
    }

    /// The tokens of bytes that should be UTF-8; what is not is encoded byte by byte.
    public func encode(
        utf8 text: some Collection<UInt8>, addBOS: Bool? = nil, addEOS: Bool? = nil, parseSpecial: Bool = false
    ) -> [TokenID] {
        let text = [UInt8](text)
        return encode(utf8: text.span, addBOS: addBOS, addEOS: addEOS, parseSpecial: parseSpecial)
    }

    /// The tokens of a chat prompt: control tokens as ids, all else as text and nothing but text.
    ///
    /// Texts that follow each other are encoded as one, as they would be in a prompt written out in full. Ids are
    /// passed on as they are.
    public func encode(parts: [PromptPart], addBOS: Bool? = nil) -> [TokenID] {
        var encoder = TextEncoder(vocabulary, plainSplitter)
        if let bos, addBOS ?? vocabulary.special.addBOS ?? true { encoder.append(bos) }
        var text: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let more):
                text.append(contentsOf: more.utf8)
            case .token(let id):
                encoder.append(text.span)
                text.removeAll(keepingCapacity: true)
                encoder.append(id)
            }
        }
        encoder.append(text.span)
        return encoder.output
    }
}
