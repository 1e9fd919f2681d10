/// Why a vocabulary was refused, or why tokens could not be turned into text.
public enum TokenizerError: Error, Equatable, Sendable {
    /// There is not one token.
    case emptyVocabulary
    /// More tokens than a 32-bit id can name.
    case tooManyTokens(count: Int)
    /// The text of this token does not lie inside the bytes given.
    case textOutOfBounds(token: Int)
    /// `scores` and tokens differ in number.
    case scoreCount(Int, tokens: Int)
    /// `kinds` and tokens differ in number.
    case kindCount(Int, tokens: Int)
    /// A token type that SentencePiece does not have.
    case unknownKind(Int32, token: TokenID)
    /// The score of this token is not a number.
    case scoreNotANumber(token: TokenID)
    /// Two tokens have the same text, so that text has no one id.
    case duplicateText(String, TokenID, TokenID)
    /// A token of kind byte is not written `<0x00>` ... `<0xFF>`.
    case malformedByteToken(String, token: TokenID)
    /// Two tokens stand for the same byte.
    case duplicateByteToken(UInt8, TokenID, TokenID)
    /// No token stands for this byte, so that some texts could not be encoded.
    case missingByteToken(UInt8)
    /// A control or user-defined token too long to look for in every text.
    case specialTokenTooLong(token: TokenID, bytes: Int, limit: Int)
    /// A special id of the file is not in the vocabulary.
    case specialIDOutOfRange(key: String, id: TokenID, tokens: Int)
    /// A token to be shown is not in the vocabulary.
    case idOutOfRange(TokenID, tokens: Int)
}

extension TokenizerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .emptyVocabulary:
            "the vocabulary has no tokens; \(reconvert)"
        case .tooManyTokens(let count):
            "the vocabulary has \(count) tokens, more than 32-bit ids can name; \(reconvert)"
        case .textOutOfBounds(let token):
            "the text of token \(token) lies outside the vocabulary's bytes; \(reconvert)"
        case .scoreCount(let count, let tokens):
            "tokenizer.ggml.scores has \(count) entries for \(tokens) tokens; \(reconvert)"
        case .kindCount(let count, let tokens):
            "tokenizer.ggml.token_type has \(count) entries for \(tokens) tokens; \(reconvert)"
        case .unknownKind(let kind, let token):
            "tokenizer.ggml.token_type of token \(token) is \(kind), expected 1 to 6; \(reconvert)"
        case .scoreNotANumber(let token):
            "tokenizer.ggml.scores of token \(token) is not a number; \(reconvert)"
        case .duplicateText(let text, let first, let second):
            "tokens \(first) and \(second) have the same text '\(text)'; \(reconvert)"
        case .malformedByteToken(let text, let token):
            "token \(token) is a byte token but reads '\(text)', expected <0x00> to <0xFF>; \(reconvert)"
        case .duplicateByteToken(let byte, let first, let second):
            "tokens \(first) and \(second) both stand for the byte <0x\(hex(byte))>; \(reconvert)"
        case .missingByteToken(let byte):
            "the byte token <0x\(hex(byte))> is not set; only vocabularies with byte fallback can be used, as Gemma's are"
        case .specialTokenTooLong(let token, let bytes, let limit):
            "special token \(token) is \(bytes) bytes long, the limit is \(limit); \(reconvert)"
        case .specialIDOutOfRange(let key, let id, let tokens):
            "\(key) is \(id), but the vocabulary has \(tokens) tokens; correct the key in the file"
        case .idOutOfRange(let id, let tokens):
            "token \(id) is not in the vocabulary of \(tokens) tokens; use ids from 0 to \(tokens - 1)"
        }
    }

    private var reconvert: String { "convert the model to GGUF again" }

    private func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }
}
