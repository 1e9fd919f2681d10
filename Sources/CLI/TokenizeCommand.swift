import ArgumentParser
import GGUF
import Gemma
import Tokenizer

/// `carat tokenize`: text to token ids, and back with `--decode`.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Show the tokens of a text, or the text of token ids.",
        discussion: "The text comes from -p, -f or stdin. One token a line: its id and its text.")

    @OptionGroup var model: ModelOption
    @OptionGroup var input: PromptInput
    @Flag(help: "Print the ids alone, on one line.")
    var ids = false
    @Flag(name: .customLong("no-bos"), help: "Do not begin with BOS where the file asks for it.")
    var noBOS = false
    @Flag(help: "Take the text of control tokens, such as <end_of_turn>, for those tokens; with --decode, show them.")
    var parseSpecial = false
    @Flag(help: "Read ids (numbers apart by spaces, commas or brackets) and print their text.")
    var decode = false

    func run() throws {
        let tokenizer = Tokenizer(try Vocabulary(try model.openFile().metadata))
        guard let text = try input.read() else {
            throw ValidationError("Give a text with -p, -f, or on stdin.")
        }
        if decode {
            let ids = try Self.parse(text, vocabularyCount: tokenizer.vocabulary.count)
            return try Output.write(bytes: try tokenizer.decode(ids, showControl: parseSpecial) + [10])
        }
        let tokens = tokenizer.encode(utf8: text, addBOS: noBOS ? false : nil, parseSpecial: parseSpecial)
        if ids {
            try Output.write(tokens.map(String.init).joined(separator: " ") + "\n")
        } else {
            let width = String(tokenizer.vocabulary.count).count
            let lines = tokens.map { token in
                let id = String(token)
                let text = String(decoding: tokenizer.vocabulary.text(token), as: UTF8.self)
                return String(repeating: " ", count: width - id.count) + id + "  " + text.debugDescription + "\n"
            }
            try Output.write(lines.joined())
        }
    }

    /// Ids as `--ids` prints them, or as a JSON array.
    static func parse(_ text: [UInt8], vocabularyCount: Int) throws -> [TokenID] {
        let words = String(decoding: text, as: UTF8.self)
            .split { $0.isWhitespace || $0 == "," || $0 == "[" || $0 == "]" }
        return try words.map { word in
            guard let id = TokenID(word) else {
                throw BadTokenID(description: "'\(word.prefix(40))' is not a token id; --decode reads whole numbers")
            }
            guard id >= 0, Int(id) < vocabularyCount else {
                throw BadTokenID(
                    description: "token id \(id) is outside of the vocabulary, which ends at \(vocabularyCount - 1)")
            }
            return id
        }
    }
}

/// Input of `--decode` that names no token.
struct BadTokenID: Error, CustomStringConvertible {
    let description: String
}
