import Foundation
import GGUF
import Gemma
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
    try Vocabulary(GGUFFile(path: path).metadata)
}
