/// The texts, scores and kinds of a SentencePiece vocabulary, checked.
///
/// Everything that encoding relies on is established once here: every text has one id, every byte has a token, every
/// score can be ordered. Encoding and decoding then cannot fail on the vocabulary.
public struct Vocabulary: Sendable {
    /// The number of tokens; ids run from 0 to one less.
    public let count: Int
    /// The special ids and rules, with defaults in place of missing keys.
    public let special: SpecialTokens
    /// Tokens that end generation: end of text, end of turn and their kin.
    public let endOfGeneration: Set<TokenID>

    let bytes: [UInt8]
    let offsets: [Int]
    let index: TokenIndex
    /// A token for each byte.
    package let byteTokens: [TokenID]
    /// The scores as integers in the same order; 0 for tokens that merging must not make.
    package let priorities: [UInt32]
    /// Bytes that stand before a space inside some token: only after these can a token continue across a space.
    let continuesAcrossSpace: [Bool]
    private let kinds: [TokenKind]

    /// - Parameters:
    ///   - bytes: all token texts one after another.
    ///   - offsets: count + 1 ascending positions in `bytes`.
    ///   - kinds: `tokenizer.ggml.token_type`.
    /// - Throws: `TokenizerError` that names the token or key at fault.
    /// - Complexity: O(bytes).
    public init(
        bytes: [UInt8], offsets: [Int], scores: [Float], kinds: [Int32], special: SpecialTokens
    ) throws(TokenizerError) {
        guard offsets.count > 1 else { throw .emptyVocabulary }
        let count = offsets.count - 1
        guard count < Int(TokenID.max) else { throw .tooManyTokens(count: count) }
        guard scores.count == count else { throw .scoreCount(scores.count, tokens: count) }
        guard kinds.count == count else { throw .kindCount(kinds.count, tokens: count) }

        var checked = try Self.check(kinds: kinds, scores: scores)
        let special = try special.resolved(tokens: count)
        let index = try Self.index(bytes: bytes, offsets: offsets)
        let text = TokenTexts(bytes: bytes, offsets: offsets, index: index)
        byteTokens = try text.byteTokens(kinds: checked)
        (self.special, endOfGeneration) = text.settleControlTokens(kinds: &checked, special: special)

        for (token, kind) in checked.enumerated() where kind == .userDefined || !kind.isReachableByMerging {
            let length = offsets[token + 1] - offsets[token]
            guard length <= SpecialTokenSplitter.limit else {
                throw .specialTokenTooLong(
                    token: TokenID(token), bytes: length, limit: SpecialTokenSplitter.limit)
            }
        }

        self.count = count
        self.bytes = bytes
        self.offsets = offsets
        self.index = index
        self.kinds = checked
        priorities = Self.priorities(scores: scores, kinds: checked)
        continuesAcrossSpace = text.bytesBeforeInnerSpaces()
    }

    /// The text as the vocabulary has it, with U+2581 for a space; empty for an id outside the vocabulary.
    public func text(_ id: TokenID) -> ArraySlice<UInt8> {
        guard contains(id) else { return [] }
        return bytes[offsets[Int(id)]..<offsets[Int(id) + 1]]
    }

    /// The kind of a token; `unknown` for an id outside the vocabulary.
    public func kind(_ id: TokenID) -> TokenKind {
        contains(id) ? kinds[Int(id)] : .unknown
    }

    /// Whether there is such a token.
    public func contains(_ id: TokenID) -> Bool {
        id >= 0 && Int(id) < count
    }

    /// The token with exactly this text, with U+2581 for a space.
    public func id(of text: some Collection<UInt8>) -> TokenID? {
        let text = [UInt8](text)
        return index.find(text.span.bytes, 0, text.count, bytes: bytes.span.bytes, offsets: offsets.span)
    }

    /// The token with exactly this text, with U+2581 for a space.
    public func id(of text: String) -> TokenID? {
        id(of: text.utf8)
    }
}

extension Vocabulary {
    private static func check(kinds: [Int32], scores: [Float]) throws(TokenizerError) -> [TokenKind] {
        var checked: [TokenKind] = []
        checked.reserveCapacity(kinds.count)
        for (token, raw) in kinds.enumerated() {
            guard let kind = TokenKind(rawValue: raw) else { throw .unknownKind(raw, token: TokenID(token)) }
            guard !scores[token].isNaN else { throw .scoreNotANumber(token: TokenID(token)) }
            checked.append(kind)
        }
        return checked
    }

    /// Tokens without text are left out: nothing can be encoded as them.
    private static func index(bytes: [UInt8], offsets: [Int]) throws(TokenizerError) -> TokenIndex {
        let text = bytes.span.bytes
        let positions = offsets.span
        let count = positions.count - 1
        var index = TokenIndex(tokens: count)
        for token in 0..<count {
            let start = positions[token]
            let end = positions[token + 1]
            guard start >= 0, start <= end, end <= bytes.count else { throw .textOutOfBounds(token: token) }
            guard start < end else { continue }
            let id = TokenID(token)
            if let other = index.insert(id, start, end, bytes: text, offsets: positions) {
                throw .duplicateText(String(decoding: bytes[start..<end].prefix(80), as: UTF8.self), other, id)
            }
        }
        return index
    }

    private static func priorities(scores: [Float], kinds: [TokenKind]) -> [UInt32] {
        zip(scores, kinds).map { score, kind in
            guard kind.isReachableByMerging else { return 0 }
            // Flips the order of negative numbers and puts them below the positive; adding 0 turns -0 into 0.
            let bits = (score + 0).bitPattern
            return bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        }
    }
}
