import GGUF
import Testing

/// Messages are read by people: these are their exact words.
@Suite struct GGUFErrorTests {
    private func says(_ error: GGUFError, _ parts: String...) {
        #expect(error.description == parts.joined())
    }

    @Test func messages() {
        says(
            .cannotOpen(path: "m.gguf", reason: "there is no such file"),
            "cannot open m.gguf: there is no such file; check the path and its permissions"
        )
        says(
            .notRegularFile(path: "/models", kind: "a directory"),
            "cannot open /models: it is a directory; give the path of a GGUF file"
        )
        says(.emptyFile(path: "m.gguf"), "m.gguf is empty; the download is incomplete: fetch it again")
        says(
            .notGGUF(path: "m.gguf", magic: Array("<!DO".utf8)),
            "m.gguf is not a GGUF file: it begins with 3c 21 44 4f; it looks like a web page: ",
            "check the address and fetch it again"
        )
        says(
            .notGGUF(path: "m", magic: [0x80, 2]),
            "m is not a GGUF file: it begins with 80 02; check the path, or fetch the file again"
        )
        says(
            .unsupportedVersion(1),
            "the file has GGUF version 1, which is no longer read; convert the model again with a current converter"
        )
        says(
            .unsupportedVersion(4),
            "the file has GGUF version 4, but only versions 2 and 3 are known; ",
            "use a newer Carat, or fetch a version 3 file"
        )
        says(
            .bigEndian(version: 3),
            "the file is a big-endian GGUF of version 3, which is not read; fetch the little-endian file, ",
            "or convert it with: gguf_convert_endian.py FILE little"
        )
        says(
            .truncated(.value(key: "tokenizer.ggml.tokens"), offset: 1234, needed: 8, remaining: 5),
            "the value of metadata key tokenizer.ggml.tokens at byte 1234 needs 8 bytes but the file has only 5 more; ",
            "the file is incomplete or damaged: fetch it again"
        )
        says(
            .tooManyForFile(what: "tensors", count: .max, remaining: 100),
            "the header claims 18446744073709551615 tensors, which do not fit the 100 bytes that follow; ",
            "the file is incomplete or damaged: fetch it again"
        )
        says(
            .splitFile(count: 3),
            "the model is split over 3 files (split.count), which are not read one by one; ",
            "merge them with: llama-gguf-split --merge FIRST-OF-3.gguf OUT.gguf"
        )
        says(
            .badAlignment(13),
            "general.alignment is 13, but must be a power of two from 1 to 1048576; ",
            "convert the model again with a current converter"
        )
        says(
            .wrongType(key: "gemma.block_count", expected: "u32", found: "i32"),
            "metadata key gemma.block_count must be of type u32 but is i32; ",
            "convert the model again with a current converter"
        )
        says(
            .missingKey("gemma.block_count"),
            "metadata has no key gemma.block_count; convert the model again with a current converter"
        )
        says(.duplicateKey("k"), "metadata has the key k twice; the file is damaged: fetch or convert it again")
        says(
            .removedTensorType(tensor: "output.weight", id: 4, name: "Q4_2"),
            "tensor output.weight has type Q4_2 (id 4), which GGUF no longer has; ",
            "fetch the model in another quantization"
        )
        says(
            .unknownTensorType(tensor: "output.weight", id: 99),
            "tensor output.weight has type id 99, which is not known; ",
            "use a newer Carat, or fetch the model in another quantization"
        )
        says(
            .partialBlock(tensor: "t", type: .Q4_K, columns: 255),
            "tensor t has rows of 255 elements, not a multiple of the 256 in a block of Q4_K; ",
            "the file is damaged: fetch or convert it again"
        )
        says(
            .tensorOverlap("b", offset: 0, previous: "a", previousEnd: 32),
            "tensor b has the offset 0, but a before it ends at 32; the file is damaged: fetch or convert it again"
        )
        says(
            .tensorPastEnd("blk.3.ffn_down.weight", end: 1_234_567, fileSize: 1_200_000),
            "tensor blk.3.ffn_down.weight ends at byte 1234567 but the file has only 1200000 bytes; ",
            "the download is incomplete: fetch it again"
        )
        says(
            .missingTensor("output_norm.weight"),
            "the file has no tensor output_norm.weight; convert the model again with a current converter"
        )
    }

    @Test func namesCannotForgeLines() {
        let forged = GGUFError.missingTensor("a\nerror: \u{1b}[31m\u{202e}\u{7f}\\").description
        #expect(forged.hasPrefix("the file has no tensor a\\nerror: \\u{1b}[31m\\u{202e}\\u{7f}\\\\; "))
        #expect(GGUFError.missingKey("").description.hasPrefix("metadata has no key \"\"; "))
        let long = GGUFError.missingKey(String(repeating: "k", count: 65_535)).description
        #expect(long.utf8.count < 300 && long.contains("kkk... (65535 bytes); "))
    }

    @Test func everyErrorHasTwoPartsOnOneLine() {
        let name = "n\nm"
        let errors: [GGUFError] = [
            .cannotMap(path: name, reason: "r"), .cannotWrite(path: name, step: "write", reason: "r"),
            .headerTooLarge(.header, offset: 1, limit: 2), .tooManyKeys(count: 1, limit: 1),
            .tooManyTensors(count: 1, limit: 1), .badKey(index: 0, offset: 1, problem: .empty),
            .badKey(index: 0, offset: 1, problem: .tooLong(bytes: 1, limit: 0)),
            .unknownValueType(key: name, id: 13, offset: 1), .unknownElementType(key: name, id: 13, offset: 1),
            .nestedArray(key: name, offset: 1), .badBool(key: name, value: 2, offset: 1),
            .outOfRange(key: name, value: "-1", type: "u32"), .wrongCount(key: name, expected: 1, found: 2),
            .invalidText(key: name), .changedWhileReading(key: name),
            .badTensorName(index: 0, offset: 0, problem: .containsNUL),
            .badTensorName(index: 0, offset: 0, problem: .notUTF8), .duplicateTensor(name),
            .tooManyDimensions(tensor: name, count: 5), .dimensionTooLarge(tensor: name, index: 0, value: 1),
            .shapeTooLarge(tensor: name, shape: [1]), .tensorUnaligned(name, offset: 1, alignment: 32),
            .tensorGap(name, offset: 1, expected: 2), .tensorOffsetTooLarge(name, offset: 1, fileSize: 2),
            .tensorsTooLarge(name), .truncated(.key(index: 1), offset: 1, needed: 1, remaining: 0),
            .truncated(.valueType(key: name), offset: 1, needed: 1, remaining: 0),
            .truncated(.tensorName(index: 1), offset: 1, needed: 1, remaining: 0),
            .truncated(.tensorInfo(name: name), offset: 1, needed: 1, remaining: 0),
        ]
        for error in errors {
            let text = error.description
            #expect(text.contains("; ") && !text.contains("\n") && !text.contains("  "), "\(text)")
        }
    }
}
