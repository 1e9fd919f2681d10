import Compute
import Engine
import Foundation
import GGUF
import Gemma
import Synthetic
import TestSupport
import Testing
import Tokenizer

@Suite struct SyntheticModelTests {
    @Test(arguments: FormatMix.all.map(\.name))
    func modelsRunAndLogitsAreOfSaneSize(mix: String) throws {
        let model = try GemmaModel(try SyntheticModel(name: "carat-tiny:\(mix)").file())
        var settings = EngineSettings()
        settings.context = 16
        settings.threads = 1
        settings.prefillThreads = 1
        let gemma = try Session(model, settings: settings).gemma
        let tokens: [Int32] = [2, 300, 1000, 4095]
        try gemma.forward(tokens, cache: gemma.makeCache(capacity: 16))
        let logits = gemma.logits(rows: 3..<4)[row: 0]
        let mean = logits.reduce(0, +) / Float(logits.count)
        let variance = logits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(logits.count)
        #expect(variance > 0.1 && variance < 10, "\(variance)")
        #expect(abs(mean) < 1 && logits.allSatisfy { abs($0) < 50 })
        #expect(Set(logits).count > logits.count / 2, "rows are not copies of each other")
    }

    @Test func theVocabularyReadsAnyText() throws {
        let model = try GemmaModel(try SyntheticModel(name: "carat-tiny:Q2_K").file())
        let text = "The year is 2024; naïve, no? 🌍\n"
        let tokens = model.tokenizer.encode(text)
        let decoded = try model.tokenizer.decodeToString(tokens)
        #expect(tokens.count < text.utf8.count && decoded == text)
        #expect(model.tokenizer.endOfTurn == 107)
    }

    @Test func aFileIsMadeOnceAndTheSameEachTime() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString)/a/b")
        defer { try? FileManager.default.removeItem(at: folder) }
        var fractions: [Double] = []
        func path() throws -> String {
            fractions = []
            return try SyntheticModel.cached(named: "carat-tiny:q4_k_m", directory: folder.path()) {
                fractions.append($0)
            }
        }
        let file = URL(filePath: try path())
        #expect(fractions.first == 0 && fractions == fractions.sorted() && fractions.last == 1)
        let bytes = try Data(contentsOf: file)
        #expect(try bytes.count == SyntheticModel(name: "carat-tiny:Q4_K_M").byteCount)
        let again = try path()
        #expect(again == file.path() && fractions.isEmpty)

        // cut short, or with another header: made anew
        try bytes.dropLast(1).write(to: file)
        _ = try path()
        #expect(try !fractions.isEmpty && Data(contentsOf: file) == bytes)
        var other = bytes
        other[80] ^= 1
        try other.write(to: file)
        _ = try path()
        #expect(try !fractions.isEmpty && Data(contentsOf: file) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).count == 1)
    }

    @Test func whatEndsTheWorkLeavesNothing() throws {
        struct Stop: Error {}
        let folder = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: Stop.self) {
            try SyntheticModel.cached(named: "carat-tiny:F16", directory: folder.path()) {
                if $0 > 0.5 { throw Stop() }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).isEmpty)
    }

    @Test func twoAtOnceBothGetTheWholeFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let path = try SyntheticModel.cached(named: "carat-tiny:Q2_K", directory: folder.path())
                    return try GGUFFile(path: path).tensors.count
                }
            }
            for try await count in group { #expect(count == 38) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).count == 1)
    }

    @Test func errorsSayWhatToDo() throws {
        for name in ["gemma-2b", "gemma-2b:Q4", "gemma-3b:Q4_K_M", "", ":", "a:b:c"] {
            let error = #expect(throws: SyntheticModelError.self) { try SyntheticModel(name: name) }
            #expect(error?.description.contains("gemma-2b, gemma-7b, carat-tiny and FORMAT one of F32, F16") == true)
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString)")
        try Data([1]).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let error = #expect(throws: SyntheticModelError.self) {
            try SyntheticModel.cached(named: "carat-tiny:Q2_K", directory: "\(file.path())/models")
        }
        #expect(error?.description.contains("a part of the path is not a directory (mkdir)") == true)
        #expect(error?.description.contains("XDG_CACHE_HOME") == true)
    }

    @Test func aFullDiskIsNamed() {
        let error = SyntheticModelError.cannotMake(
            name: "gemma-2b:Q4_K_M", bytes: 1_629_716_128, directory: "/cache",
            reason: .cannotWrite(path: "/cache/x.gguf", step: "write", reason: "the disk is full"))
        #expect(error.description.hasPrefix("gemma-2b:Q4_K_M needs 1630 MB in /cache: cannot write"))
        #expect(error.description.contains("the disk is full (write)"))
    }
}

extension SyntheticModel {
    /// The model, read back from a file that is gone from its folder again.
    func file() throws -> GGUFFile {
        let path = FileManager.default.temporaryDirectory.appending(path: "carat-\(UUID().uuidString).gguf").path()
        try write(to: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try GGUFFile(path: path)
    }
}
