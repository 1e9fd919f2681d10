import Foundation
import GGUF
import Testing

@Suite struct GGUFWriterTests {
    /// A writer with all that `file` has.
    private func writer(copying file: GGUFFile) -> GGUFWriter {
        var writer = GGUFWriter(alignment: file.alignment, version: file.version)
        for entry in file.metadata.entries { writer.add(entry.key, entry.value) }
        for tensor in file.tensors {
            let bytes = file.bytes.withSpan { span in
                span.extracting(tensor.offset..<tensor.offset + tensor.byteCount).withUnsafeBytes { Array($0) }
            }
            writer.addTensor(tensor.name, type: tensor.type, shape: tensor.shape, bytes: bytes)
        }
        return writer
    }

    @Test(arguments: [(32, 3), (32, 2), (1, 3), (4096, 3)])
    func writingReadingWritingGivesTheSameBytes(alignment: Int, version: UInt32) throws {
        let bytes = sampleWriter(alignment: alignment, version: version).encoded()
        let file = try GGUFFile(bytes: FileBytes(copying: bytes))
        #expect(file.alignment == alignment && file.version == version)
        #expect(file.tensors.count == 8)
        for tensor in file.tensors { #expect(tensor.offset % alignment == 0) }
        #expect(writer(copying: file).encoded() == bytes)
    }

    @Test func tensorsAreFoundByName() throws {
        let file = try GGUFFile(bytes: FileBytes(copying: sampleWriter().encoded()))
        let tensor = try file.requireTensor("token_embd.weight")
        #expect(tensor.type == .Q4_K && tensor.shape == [256, 40])
        #expect(tensor.columnCount == 256 && tensor.rowCount == 40 && tensor.bytesPerRow == 144)
        #expect(tensor.byteCount == 5760 && tensor.elementCount == 10_240)
        #expect(file.tensor("none") == nil)
        #expect(throws: GGUFError.missingTensor("none")) { try file.requireTensor("none") }
        #expect(file.tensor("four")?.rowCount == 60)
    }

    @Test func aKeyAddedAgainKeepsItsPlace() throws {
        var writer = GGUFWriter(alignment: 64)
        writer.add("a", .uint32(1))
        writer.add("b", .uint32(2))
        writer.add("a", .string("new"))
        writer.add("general.alignment", .uint32(32))
        let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
        #expect(file.metadata.keys == ["general.alignment", "a", "b"])
        #expect(file.metadata["a"] == .string("new") && file.alignment == 64)
    }

    @Test func filesAppearWhole() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/model.gguf"
        try sampleWriter().write(to: path)
        let file = try GGUFFile(path: path)
        #expect(file.bytes.withSpan { $0.byteCount } == sampleWriter().encoded().count)
        try sampleWriter(alignment: 64).write(to: path)
        #expect(try GGUFFile(path: path).alignment == 64)
        #expect(file.alignment == 32 && readEverything(file) != 0, "the old file is still mapped")
        #expect(directory.names == ["model.gguf"])
    }

    @Test func dataCanComeTensorByTensor() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/model.gguf"
        var whole = GGUFWriter()
        var streamed = GGUFWriter()
        for (name, count) in [("a", 3), ("b", 10)] {
            whole.addTensor(name, type: .I8, shape: [count], bytes: Array(repeating: UInt8(count), count: count))
            streamed.addTensor(name, type: .I8, shape: [count])
        }
        try streamed.write(to: path) { $0 == "a" ? [3, 3, 3] : Array(repeating: 10, count: 10) }
        let bytes = try GGUFFile(path: path).bytes.withSpan { span in span.withUnsafeBytes { Array($0) } }
        #expect(bytes == whole.encoded())
    }

    @Test func dataCanComeInParts() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/model.gguf"
        var whole = GGUFWriter()
        var streamed = GGUFWriter()
        let data: [UInt8] = Array(0..<100)
        whole.addTensor("a", type: .I8, shape: [100], bytes: data)
        whole.addTensor("b", type: .I16, shape: [50], bytes: data)
        streamed.addTensor("a", type: .I8, shape: [100])
        streamed.addTensor("b", type: .I16, shape: [50], bytes: data)
        #expect(!streamed.hasWritten(path))
        try streamed.write(to: path) { tensor, append in
            #expect(tensor.name == "a" && tensor.byteCount == 100)
            for start in stride(from: 0, to: 100, by: 30) { try append(data[start..<min(start + 30, 100)]) }
        }
        let bytes = try GGUFFile(path: path).bytes.withSpan { span in span.withUnsafeBytes { Array($0) } }
        #expect(bytes == whole.encoded() && streamed.byteCount == bytes.count && streamed.hasWritten(path))
        streamed.add("key", .uint8(1))
        #expect(!streamed.hasWritten(path))
    }

    @Test func failedWritesLeaveNothingBehind() throws {
        struct Stop: Error {}
        let directory = try TemporaryDirectory()
        let path = try directory.file("old", [1, 2, 3])
        var writer = GGUFWriter()
        writer.addTensor("a", type: .I8, shape: [3])
        #expect(throws: Stop.self) { try writer.write(to: path) { _ in throw Stop() } }
        #expect(directory.names == ["old"])
        #expect(try FileBytes(mapping: path).count == 3)
        let nowhere = "\(directory.path)/none/x.gguf"
        for (path, reason) in [
            (nowhere, "its folder does not exist; make it first"),
            (directory.path, "it is a directory; give the name of a file"),
        ] {
            #expect(throws: GGUFError.cannotWrite(path: path, step: "open", reason: reason)) {
                try GGUFWriter().write(to: path)
            }
        }
    }

    @Test func linksStayAndPipesAreWrittenTo() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.file("target", [1, 2, 3])
        let link = directory.path + "/link", pipe = directory.path + "/pipe"
        #expect(symlink("target", link) == 0 && mkfifo(pipe, 0o600) == 0)
        try ReplacementFile.write([[7, 8][...]], to: link)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target")
        #expect(try Data(contentsOf: URL(filePath: path)) == Data([7, 8]))

        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try ReplacementFile.write([[9][...]], to: pipe)
        var byte: UInt8 = 0
        #expect(read(reader, &byte, 1) == 1 && byte == 9)
        #expect(directory.names.sorted() == ["link", "pipe", "target"])
    }
}
