import Compute
import Engine
import Evaluation
import Foundation
import GGUF
import Gemma
import Planner
import TestSupport
import Testing
import Tokenizer

@Suite(.serialized) struct LogitsFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "carat-logits-\(UUID().uuidString)")
    private let sample: SampleText
    private let windows: TextWindows
    private var path: String { folder.appending(path: "parent.logits").path() }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        sample = try SampleText("F16")
        windows = try sample.windows(64, limit: 3)
    }

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    private func write() throws -> TextPerplexity {
        let writer = try LogitsFileWriter(path, windows: windows, model: sample.model, description: "F16, full")
        let reader = try sample.reader(windows, precision: .full, cache: .f32)
        let result = try TextPerplexity(of: windows, by: reader, savingTo: writer)
        try writer.finish()
        return result
    }

    private func read(_ path: String) throws -> LogitsFile {
        try LogitsFile(path: path, tokenizer: sample.model.tokenizer)
    }

    private func compare(_ file: LogitsFile, _ format: String) throws -> TextDivergence {
        let child = try SampleText(format)
        return try #require(
            try TextDivergence.compare([child.reader(file.windows)], with: .stored(file), on: file.windows).first)
    }

    @Test func aStoredParentIsAsGoodAsALiveOne() throws {
        defer { remove() }
        let written = try write()
        let file = try read(path)
        #expect(file.seal?.description == "F16, full" && file.windows.count == 3)
        #expect(file.seal?.parent.count == 32)
        try file.require(windows)
        let stored = try compare(file, "Q4_K_M")
        let child = try SampleText("Q4_K_M")
        let live = try #require(
            try TextDivergence.compare(
                [child.reader(windows)], with: .live(sample.reader(windows, precision: .full, cache: .f32)),
                on: windows
            ).first)
        #expect(stored.count == live.count)
        for (a, b) in zip(stored.divergences, live.divergences) { #expect(abs(a - b) < 2e-4 + 0.01 * b) }
        #expect(abs(stored.mean.value / live.mean.value - 1) < 0.01)
        #expect(abs(stored.parent.estimate.value / written.estimate.value - 1) < 1e-3)
        #expect(stored.agreement.value > 0.9)
    }

    /// llama.cpp's files have no seal.
    @Test func aFileWithoutSealIsRead() throws {
        defer { remove() }
        _ = try write()
        let size = LogitsFileWriter.byteCount(windows, vocabularyCount: sample.model.tokenizer.vocabulary.count)
        let bytes = try Data(contentsOf: URL(filePath: path))
        try bytes.prefix(size).write(to: URL(filePath: path))
        let file = try read(path)
        #expect(file.seal == nil)
        #expect(try compare(file, "Q4_K_M").mean.value > 0)
    }

    @Test func damagedFilesAreNamed() throws {
        defer { remove() }
        _ = try write()
        let whole = try Data(contentsOf: URL(filePath: path))
        let damaged = folder.appending(path: "damaged")
        func error(_ change: (inout Data) -> Void) throws -> EvaluationError? {
            var bytes = whole
            change(&bytes)
            try bytes.write(to: damaged)
            do { _ = try compare(try read(damaged.path()), "Q4_K_M") } catch let error as EvaluationError {
                return error
            }
            return nil
        }
        func put(_ value: Int32, at offset: Int, _ bytes: inout Data) {
            withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + 4, with: $0) }
        }
        let data = 20 + 4 * 3 * 64
        for length in [0, 7, 19] {
            if length == 0 {
                #expect(throws: (any Error).self) { try error { $0 = Data() } }
            } else {
                #expect(try error { $0 = $0.prefix(length) } == .notALogitsFile(path: damaged.path()))
            }
        }
        for length in [20, 100, data, data + 1000, whole.count - 1, whole.count - 100] {
            #expect(try error { $0 = $0.prefix(length) } != nil, "\(length) bytes")
        }
        #expect(try error { $0.append(0) } != nil)
        #expect(try error { $0[0] ^= 1 } == .notALogitsFile(path: damaged.path()))
        for (offset, values) in [(8, [0, -1, 3, 65, Int32.max]), (16, [0, -1, 4, Int32.max])] as [(Int, [Int32])] {
            for value in values { #expect(try error { put(value, at: offset, &$0) } != nil, "\(value) at \(offset)") }
        }
        #expect(try error { put(4097, at: 12, &$0) } == .vocabulary(child: 4096, parent: 4097))
        #expect(try error { put(-1, at: 24, &$0) } != nil)
        #expect(try error { put(4096, at: 24, &$0) } != nil)
        #expect(try error { $0[30] ^= 1 } != nil)
        #expect(try error { $0[data + 12_345] ^= 1 } == .logitsWindow(path: damaged.path(), window: 1))
        #expect(try error { $0[whole.count - 1] ^= 1 } == .logitsWindow(path: damaged.path(), window: 3))
        #expect(try error { $0[whole.count - 140] ^= 1 } != nil)
    }

    /// Whatever byte changes: an error, or a change that no figure depends on.
    @Test func anyChangedByteIsSeenOrHarmless() throws {
        defer { remove() }
        _ = try write()
        let whole = try Data(contentsOf: URL(filePath: path))
        let expected = try compare(try read(path), "Q4_K_M").divergences
        let size = LogitsFileWriter.byteCount(windows, vocabularyCount: 4096)
        let file = folder.appending(path: "changed")
        var random = SplitMix(11)
        for round in 0..<40 {
            var bytes = whole
            // every other change is in the few bytes of header and seal
            let place =
                round.isMultiple(of: 2)
                ? Int(random.next() % UInt64(whole.count))
                : [Int(random.next() % 800), size + Int(random.next() % UInt64(whole.count - size))][round / 2 % 2]
            bytes[place] ^= UInt8(1 + random.next() % 255)
            try bytes.write(to: file)
            do {
                #expect(try compare(try read(file.path()), "Q4_K_M").divergences == expected, "byte \(place)")
                #expect(place >= size, "byte \(place)")
            } catch is EvaluationError {}
        }
    }

    /// Without a seal, rows that are no distribution are seen as they are read.
    @Test func rowsThatAreNoDistributionAreRefused() throws {
        defer { remove() }
        _ = try write()
        let size = LogitsFileWriter.byteCount(windows, vocabularyCount: 4096)
        let whole = try Data(contentsOf: URL(filePath: path)).prefix(size)
        let data = 20 + 4 * 3 * 64
        let file = folder.appending(path: "rows")
        for (offset, value) in [(0, Float.nan), (0, -1), (0, .infinity), (4, .nan), (4, 5), (4, -.infinity), (4, -3)]
            as [(Int, Float)]
        {
            var bytes = whole
            withUnsafeBytes(of: value.bitPattern.littleEndian) {
                bytes.replaceSubrange(data + offset..<data + offset + 4, with: $0)
            }
            try bytes.write(to: file)
            #expect(throws: EvaluationError.logitsWindow(path: file.path(), window: 1), "\(value) at \(offset)") {
                try compare(try read(file.path()), "Q4_K_M")
            }
        }
    }

    @Test func anotherTextOrModelIsRefused() throws {
        defer { remove() }
        _ = try write()
        let file = try read(path)
        #expect(throws: EvaluationError.logitsText(path: path)) { try file.require(try sample.windows(32)) }
        let other = try TextWindows(
            Array(repeating: 5, count: 256), tokenizer: sample.model.tokenizer, window: 64)
        #expect(throws: EvaluationError.logitsText(path: path)) { try file.require(other) }
        let stranger = try GemmaModel(try RandomModel().file()).tokenizer
        #expect(throws: EvaluationError.vocabulary(child: stranger.vocabulary.count, parent: 4096)) {
            try LogitsFile(path: path, tokenizer: stranger)
        }
        #expect(throws: EvaluationError.strideWithFile) {
            try LogitsFileWriter(
                path, windows: try sample.windows(64, stride: 8), model: sample.model, description: "")
        }
    }

    @Test func anUnfinishedFileLeavesNothing() throws {
        defer { remove() }
        do {
            _ = try LogitsFileWriter(path, windows: windows, model: sample.model, description: "")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()).isEmpty)
    }
}
