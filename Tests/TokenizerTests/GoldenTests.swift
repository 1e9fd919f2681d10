import Foundation
import Testing

import Tokenizer

/// The ids that llama.cpp gives.
@Suite struct GoldenTests {
    struct Case: Decodable {
        let text: String
        let ids: [TokenID]
    }

    @Test func `odd texts with the small model`() throws {
        let data = try Data(contentsOf: fixtures.appendingPathComponent("tokenizer/carat-tiny.json"))
        let tokenizer = try carat.get()
        for item in try JSONDecoder().decode([Case].self, from: data) {
            #expect(tokenizer.encode(item.text) == item.ids, "\(item.text)")
        }
    }

    @Test func `llama.cpp's own vectors for 32,000 tokens`() throws {
        let folder = fixtures.appendingPathComponent("tokenizer")
        func read(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
        }
        let inputs = try read("ggml-vocab-llama-spm.gguf.inp").components(separatedBy: "\n__ggml_vocab_test__\n")
        let outputs = try read("ggml-vocab-llama-spm.gguf.out").components(separatedBy: "\n")
        let tokenizer = try llama.get()
        #expect(inputs.count > 40)
        for (input, output) in zip(inputs, outputs) {
            #expect(tokenizer.encode(input, addBOS: false) == output.split(separator: " ").compactMap { TokenID($0) })
        }
    }

    struct Book: Decodable {
        let count: Int
        let first: [TokenID]
        let last: [TokenID]
    }

    /// FNV-1a of the little-endian ids, taken from ids whose SHA-256 is the one in texts.json.
    static let hashes: [(String, UInt64)] = [
        ("Frankenstein.txt", 0xa9b8_600d_e35f_710a),
        ("Moby-Dick--Or-The-Whale.txt", 0x6b05_f3b4_fef1_2745),
        ("Pride-and-Prejudice.txt", 0xfaf0_bf63_4e38_2ff9),
        ("The-Adventures-of-Sherlock-Holmes.txt", 0xb62d_84b4_0827_0c03),
        ("The-War-of-the-Worlds.txt", 0x5534_884a_a947_762f),
        ("heldout.txt", 0x7cca_738b_4d0b_b773),
    ]

    @Test(arguments: hashes) func `whole novels`(name: String, hash: UInt64) throws {
        let books = try JSONDecoder().decode(
            [String: Book].self, from: try Data(contentsOf: fixtures.appendingPathComponent("tokenizer/texts.json")))
        let book = try #require(books[name])
        let text = [UInt8](try Data(contentsOf: fixtures.appendingPathComponent("texts/\(name)")))
        let tokenizer = try carat.get()
        let ids = tokenizer.encode(utf8: text)
        #expect(ids.count == book.count)
        #expect(ids.starts(with: book.first))
        #expect(ids.suffix(book.last.count) == book.last[...])
        #expect(fnv1a(ids) == hash)
        #expect(try tokenizer.decode(ids) == text)
    }

    private func fnv1a(_ ids: [TokenID]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for id in ids {
            for shift in [0, 8, 16, 24] {
                hash = (hash ^ UInt64(UInt32(bitPattern: id) >> UInt32(shift) & 0xFF)) &* 0x100_0000_01b3
            }
        }
        return hash
    }
}
