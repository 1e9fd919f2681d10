public import GGUF
public import Tokenizer

extension Vocabulary {
    /// The vocabulary as `tokenizer.ggml.*` of a GGUF file has it.
    ///
    /// Files of early 2024 lack `pre`, `add_space_prefix` and `add_bos_token`; the tokenizer's defaults then apply.
    /// Throws: `GGUFError`, `GemmaError` or `TokenizerError`.
    public init(_ metadata: Metadata) throws {
        let prefix = "tokenizer.ggml."
        let model = try metadata.string(prefix + "model")
        guard model == "llama" else {
            throw GemmaError.outOfRange(
                key: prefix + "model", value: model ?? "missing", allowed: "only 'llama' (SentencePiece)")
        }
        let tokens = try metadata.requireStringArray(prefix + "tokens")
        let scores = try metadata.requireFloat32Array(prefix + "scores")
        let kinds = try metadata.requireInt32Array(prefix + "token_type")
        func id(_ key: String) throws -> TokenID? {
            guard let value = try metadata.uint32(prefix + key) else { return nil }
            guard let id = TokenID(exactly: value) else {
                throw GemmaError.outOfRange(key: prefix + key, value: "\(value)", allowed: "0 to \(tokens.count - 1)")
            }
            return id
        }
        try self.init(
            bytes: tokens.bytes, offsets: tokens.offsets, scores: scores, kinds: kinds,
            special: SpecialTokens(
                bos: try id("bos_token_id"), eos: try id("eos_token_id"), unknown: try id("unknown_token_id"),
                padding: try id("padding_token_id"), endOfTurn: try id("eot_token_id"),
                addBOS: try metadata.bool(prefix + "add_bos_token"),
                addEOS: try metadata.bool(prefix + "add_eos_token"),
                addSpacePrefix: try metadata.bool(prefix + "add_space_prefix")))
    }
}
