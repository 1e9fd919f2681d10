import Foundation
import GGUF
import TestSupport
import Testing

@Suite(.serialized) struct ConvertTests {
    @Test func aFolderBecomesAFileThatRuns() throws {
        let scratch = try Scratch()
        try HubFolder(dtype: "BF16").write(to: scratch.path("gemma-tiny"))
        let file = scratch.path("tiny.gguf")
        let result = try CaratProcess(["convert", scratch.path("gemma-tiny"), "-o", file])
        #expect(result.code == 0 && result.output.isEmpty)
        #expect(result.errors.contains("\(file): 20 tensors") && result.errors.contains("in bf16"))
        let run = try CaratProcess(["run", "-m", file, "-p", "the", "-n", "4", "--raw", "--json"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(try CaratProcess(["inspect", file]).output.contains("Gemma Tiny"))
    }

    @Test func whatFailsLeavesTheOldFile() throws {
        let scratch = try Scratch()
        var folder = HubFolder()
        folder.change("model.norm.weight") { $0.bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F]) }
        try folder.write(to: scratch.path("model"))
        let file = scratch.path("out/tiny.gguf")
        try FileManager.default.createDirectory(atPath: scratch.path("out"), withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(filePath: file))
        let result = try CaratProcess(["convert", scratch.path("model"), "-o", file])
        #expect(result.code == 1 && result.errors.contains("`model.norm.weight`"))
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("out")) == ["tiny.gguf"])
    }

    @Test func usageIsExplained() throws {
        #expect(try CaratProcess(["convert", "x"]).code == 64)
        #expect(try CaratProcess(["convert", "x", "-o", "y", "--type", "q8_0"]).code == 64)
        #expect(try CaratProcess(["convert", "/nowhere/at/all", "-o", "y"]).code == 1)
        for command in ["convert", "imatrix"] {
            let help = try CaratProcess(["help", command]).output
            #expect(help.contains("carat \(command) ") && help.contains(" -o "))
        }
    }

    @Test func anImportanceMatrixIsWritten() throws {
        let scratch = try Scratch()
        let text = Fixtures.folder.appending(path: "texts/heldout.txt").path()
        let file = scratch.path("imatrix.gguf")
        let result = try CaratProcess(["imatrix", "-f", text, "-o", file, "-c", "64", "--chunks", "3"])
        #expect(result.code == 0 && result.errors.contains("3 of 3 windows, 192 tokens"))
        let metadata = try GGUFFile(path: file).metadata
        #expect(try metadata.string("general.type") == "imatrix")
        #expect(try metadata.requireStringArray("imatrix.datasets").text(0) == text)
        #expect(try metadata.uint32("imatrix.chunk_count") == 3)

        func failure(_ more: [String]) throws -> (code: Int32, errors: String) {
            let result = try CaratProcess(["imatrix", "-f", text, "-o", scratch.path("other.gguf")] + more)
            #expect(!FileManager.default.fileExists(atPath: scratch.path("other.gguf")))
            return (result.code, result.errors)
        }
        #expect(try failure(["--process-output"]).errors.contains("no output.weight"))
        #expect(try failure(["--chunk", "5000"]).errors.contains("too few for one window"))
        #expect(try failure(["-c", "100000"]).errors.contains("more than the 2048"))
        for usage in [["--chunks", "0"], ["--chunk", "-1"], ["-c", "0"], ["-t", "0"]] {
            #expect(try failure(usage).code == 64, "\(usage)")
        }
    }

    @Test func interruptedWorkKeepsWholeWindows() throws {
        let scratch = try Scratch()
        let long = (0..<20).reduce(into: "") { text, _ in text += (try? Fixtures.text("texts/heldout.txt")) ?? "" }
        try Data(long.utf8).write(to: URL(filePath: scratch.path("long.txt")))
        let file = scratch.path("imatrix.gguf")
        let result = try CaratProcess(["imatrix", "-f", scratch.path("long.txt"), "-o", file], interruptAfter: 3)
        #expect(result.code == 130)
        // a machine that had no time for one window has nothing to write
        guard FileManager.default.fileExists(atPath: file) else { return }
        let count = try #require(try GGUFFile(path: file).metadata.uint32("imatrix.chunk_count"))
        #expect(count > 0 && result.errors.contains("\(count) of "))
    }
}
