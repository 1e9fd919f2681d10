import Foundation
import Tokenizer

/// Where the files lie that tests share.
let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

/// The tokenizer of the small model that comes with the package.
let carat = Result {
    Tokenizer(
        try loadVocabulary(
            fixtures.deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Sources/CTinyModel/carat-tiny-Q4_K_M.gguf").path))
}

/// A vocabulary of 32,000 tokens, with which a space is put before each text.
let llama = Result {
    Tokenizer(try loadVocabulary(fixtures.appendingPathComponent("tokenizer/ggml-vocab-llama-spm.gguf").path))
}

/// The vocabulary of a GGUF file.
func loadVocabulary(_ path: String) throws -> Vocabulary {
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped))
    var p = 0
    func number(_ n: Int) -> Int {
        var v: UInt64 = 0
        for i in 0..<n { v |= UInt64(data[p + i]) << (8 * UInt64(i)) }
        p += n
        return Int(truncatingIfNeeded: v)
    }
    func text() -> ArraySlice<UInt8> {
        let n = number(8)
        p += n
        return data[(p - n)..<p]
    }
    let sizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8]
    func skip(_ type: Int) {
        if type == 8 {
            _ = text()
        } else if type == 9 {
            let inner = number(4), n = number(8)
            if inner == 8 { for _ in 0..<n { _ = text() } } else { p += n * sizes[inner] }
        } else {
            p += sizes[type]
        }
    }
    var bytes: [UInt8] = [], offsets = [0], scores: [Float] = [], kinds: [Int32] = []
    var special = SpecialTokens()
    p = 16
    for _ in 0..<number(8) {
        let key = String(decoding: text(), as: UTF8.self)
        let type = number(4)
        switch key {
        case "tokenizer.ggml.tokens":
            _ = number(4)
            for _ in 0..<number(8) { bytes += text(); offsets.append(bytes.count) }
        case "tokenizer.ggml.scores":
            _ = number(4)
            for _ in 0..<number(8) { scores.append(Float(bitPattern: UInt32(number(4)))) }
        case "tokenizer.ggml.token_type":
            _ = number(4)
            for _ in 0..<number(8) { kinds.append(Int32(truncatingIfNeeded: number(4))) }
        case "tokenizer.ggml.bos_token_id": special.bos = Int32(number(4))
        case "tokenizer.ggml.eos_token_id": special.eos = Int32(number(4))
        case "tokenizer.ggml.unknown_token_id": special.unknown = Int32(number(4))
        case "tokenizer.ggml.padding_token_id": special.padding = Int32(number(4))
        case "tokenizer.ggml.eot_token_id": special.endOfTurn = Int32(number(4))
        case "tokenizer.ggml.add_bos_token": special.addBOS = number(1) != 0
        case "tokenizer.ggml.add_eos_token": special.addEOS = number(1) != 0
        case "tokenizer.ggml.add_space_prefix": special.addSpacePrefix = number(1) != 0
        default: skip(type)
        }
    }
    return try Vocabulary(bytes: bytes, offsets: offsets, scores: scores, kinds: kinds, special: special)
}
