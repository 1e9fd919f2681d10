/// The special ids and rules of a file; `nil` where its key is missing.
public struct SpecialTokens: Sendable, Equatable {
    /// `tokenizer.ggml.bos_token_id`; 1 if missing.
    public var bos: TokenID?
    /// `tokenizer.ggml.eos_token_id`; 2 if missing.
    public var eos: TokenID?
    /// `tokenizer.ggml.unknown_token_id`; 0 if missing.
    public var unknown: TokenID?
    /// `tokenizer.ggml.padding_token_id`; none if missing.
    public var padding: TokenID?
    /// `tokenizer.ggml.eot_token_id`; found by its text if missing.
    public var endOfTurn: TokenID?
    /// `tokenizer.ggml.add_bos_token`; true if missing.
    public var addBOS: Bool?
    /// `tokenizer.ggml.add_eos_token`; false if missing.
    public var addEOS: Bool?
    /// `tokenizer.ggml.add_space_prefix`; true if missing.
    public var addSpacePrefix: Bool?

    public init(
        bos: TokenID? = nil, eos: TokenID? = nil, unknown: TokenID? = nil, padding: TokenID? = nil,
        endOfTurn: TokenID? = nil, addBOS: Bool? = nil, addEOS: Bool? = nil, addSpacePrefix: Bool? = nil
    ) {
        self.bos = bos
        self.eos = eos
        self.unknown = unknown
        self.padding = padding
        self.endOfTurn = endOfTurn
        self.addBOS = addBOS
        self.addEOS = addEOS
        self.addSpacePrefix = addSpacePrefix
    }
}

extension SpecialTokens {
    /// These rules with the defaults of a SentencePiece file ("llama") in place of missing keys.
    ///
    /// The defaults are those of llama.cpp, so that a file means the same here as there. A default that a small
    /// vocabulary does not have is left out; an id that the file itself gives must exist.
    func resolved(tokens: Int) throws(TokenizerError) -> SpecialTokens {
        func check(_ id: TokenID?, _ key: String, default standard: TokenID?) throws(TokenizerError) -> TokenID? {
            if let id {
                guard id >= 0, Int(id) < tokens else {
                    throw .specialIDOutOfRange(key: "tokenizer.ggml.\(key)_token_id", id: id, tokens: tokens)
                }
                return id
            }
            guard let standard, Int(standard) < tokens else { return nil }
            return standard
        }
        return SpecialTokens(
            bos: try check(bos, "bos", default: 1),
            eos: try check(eos, "eos", default: 2),
            unknown: try check(unknown, "unknown", default: 0),
            padding: try check(padding, "padding", default: nil),
            endOfTurn: try check(endOfTurn, "eot", default: nil),
            addBOS: addBOS ?? true,
            addEOS: addEOS ?? false,
            addSpacePrefix: addSpacePrefix ?? true)
    }
}
