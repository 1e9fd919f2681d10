import GGUF
import Testing

/// The model that ships with the package, as other programs wrote it.
@Suite struct GGUFFileTests {
    private func tinyModel() throws -> GGUFFile {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try GGUFFile(path: "/\(tests)/Sources/CTinyModel/carat-tiny-Q4_K_M.gguf")
    }

    @Test func theTinyModel() throws {
        let file = try tinyModel()
        #expect(file.version == 3 && file.alignment == 32 && file.tensors.count == 38)
        #expect(try file.metadata.requireString("general.architecture") == "gemma")
        #expect(try file.metadata.requireStringArray("tokenizer.ggml.tokens").count == 4096)
        #expect(try file.metadata.requireFloat32Array("tokenizer.ggml.scores").count == 4096)
        #expect(try file.metadata.requireInt32Array("tokenizer.ggml.token_type").count == 4096)
        let embedding = try file.requireTensor("token_embd.weight")
        #expect(embedding.type == .Q6_K && embedding.shape == [256, 4096] && embedding.offset == 95_392)
        #expect(try file.requireTensor("blk.0.attn_norm.weight").offset == 964_768)
        _ = readEverything(file)
    }

    @Test func aCopyTensorByTensorIsIdentical() throws {
        let file = try tinyModel()
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/copy.gguf"
        var writer = GGUFWriter(alignment: file.alignment, version: file.version)
        for entry in file.metadata.entries { writer.add(entry.key, entry.value) }
        for tensor in file.tensors { writer.addTensor(tensor.name, type: tensor.type, shape: tensor.shape) }
        try writer.write(to: path) { name in
            let tensor = try file.requireTensor(name)
            return file.bytes.withSpan { span in
                span.extracting(tensor.offset..<tensor.offset + tensor.byteCount).withUnsafeBytes { Array($0) }
            }
        }
        func everything(_ bytes: FileBytes) -> [UInt8] {
            bytes.withSpan { span in span.withUnsafeBytes { Array($0) } }
        }
        #expect(everything(try FileBytes(mapping: path)) == everything(file.bytes))
    }
}
