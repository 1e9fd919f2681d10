import Compute
import GGUF
import Gemma
import Importance
import Planner
import TestSupport
import Testing
import Tokenizer

@Suite struct ImportanceMeasurementTests {
    private static let window = 24
    private static let tokens = (0..<100).map { TokenID($0 % 30 + 260) }

    private static func gemma(_ change: (inout RandomModel) -> Void = { _ in }, threads: Int = 2) throws -> Gemma {
        var random = RandomModel()
        random.width = 64
        random.feedForwardWidth = 96
        random.headDim = 16
        change(&random)
        return Gemma(
            try GemmaModel(try random.file()), plan: .uniform(.blas), executor: Executor(threads: threads), ubatch: 16)
    }

    private static func file(_ measurement: ImportanceMeasurement) throws -> GGUFFile {
        let scratch = try Scratch()
        try measurement.write(to: scratch.path("imatrix.gguf"), dataset: "some text.txt")
        return try GGUFFile(path: scratch.path("imatrix.gguf"))
    }

    private static func floats(_ name: String, _ file: GGUFFile) throws -> [Float] {
        try Weight(try file.requireTensor(name), in: file).dequantizedRow(0)
    }

    /// The sums are those of each input as the probe shows it, over windows that begin with BOS.
    @Test func sumsAreOfEachInput() throws {
        let gemma = try Self.gemma()
        let measurement = try ImportanceMeasurement(gemma, tokens: Self.tokens, window: Self.window)
        #expect(measurement.total == 4)
        try measurement.run()
        let file = try Self.file(measurement)

        var sums: [String: [Double]] = [:]
        gemma.probe = { step, layer, matrix, rows in
            let readers: [String] =
                switch step {
                case .attentionNorm: ["attn_q", "attn_k", "attn_v"]
                case .attention: ["attn_output"]
                case .feedForwardNorm: ["ffn_gate", "ffn_up"]
                case .gated: ["ffn_down"]
                default: []
                }
            for reader in readers {
                let name = "blk.\(layer ?? -1).\(reader).weight"
                for row in 0..<rows {
                    let squares = matrix[row: row].map { Double($0) * Double($0) }
                    sums[name] = zip(sums[name] ?? squares.map { _ in 0 }, squares).map { $0 + $1 }
                }
            }
        }
        for start in stride(from: 0, to: 96, by: Self.window) {
            var input = Array(Self.tokens[start..<start + Self.window])
            input[0] = 2
            let cache = gemma.makeCache(capacity: Self.window)
            try gemma.forward(Array(input[..<16]), cache: cache)
            try gemma.forward(Array(input[16...]), cache: cache)
        }
        #expect(file.tensors.count == 2 * sums.count && sums.count == 14)
        for (name, expected) in sums {
            #expect(try Self.floats(name + ".in_sum2", file) == expected.map(Float.init), "\(name)")
            #expect(try Self.floats(name + ".counts", file) == [96])
        }
        #expect(file.tensors.map(\.name) == sums.keys.sorted().flatMap { [$0 + ".in_sum2", $0 + ".counts"] })
        #expect(
            file.metadata.keys == ["general.type", "imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"])
        #expect(try file.metadata.string("general.type") == "imatrix")
        #expect(try file.metadata.requireStringArray("imatrix.datasets").text(0) == "some text.txt")
        #expect(try file.metadata.uint32("imatrix.chunk_count") == 4)
        #expect(try file.metadata.uint32("imatrix.chunk_size") == UInt32(Self.window))
    }

    /// llama-imatrix on the same file, text and windows. It adds up in Float and rounds activations to half precision, so
    /// its sums are near and not equal.
    @Test func isLlamaImatrix() throws {
        let model = try GemmaModel(try #require(try Fixtures.tinyModel("F16")))
        let gemma = Gemma(model, plan: .uniform(.blas), executor: Executor(threads: 2))
        let text = try Fixtures.text("texts/heldout.txt")
        let measurement = try ImportanceMeasurement(
            gemma, tokens: model.tokenizer.encode(String(text.dropLast())), window: 512, most: 4)
        try measurement.run()
        let found = try Self.file(measurement)
        let golden = try GGUFFile(
            bytes: FileBytes(copying: [UInt8](try Fixtures.data("goldens/tiny-F16-imatrix.gguf"))))
        #expect(found.tensors.map(\.name) == golden.tensors.map(\.name))
        #expect(found.metadata.keys == golden.metadata.keys)
        var largest: Float = 0
        for tensor in golden.tensors {
            let pairs = zip(try Self.floats(tensor.name, found), try Self.floats(tensor.name, golden))
            if tensor.name.hasSuffix(".counts") { #expect(pairs.allSatisfy { $0 == $1 }) }
            largest = pairs.reduce(largest) { max($0, ($1.0 / $1.1 - 1).magnitude) }
        }
        #expect(largest < 0.003)
        print("importance matrix: largest relative difference from llama-imatrix \(largest)")
    }

    @Test func threadsChangeNothing() throws {
        let files = try [1, 3].map { threads in
            let measurement = try ImportanceMeasurement(
                try Self.gemma(threads: threads), tokens: Self.tokens, window: Self.window)
            try measurement.run()
            return try Self.file(measurement)
        }
        for tensor in files[0].tensors {
            #expect(try Self.floats(tensor.name, files[0]) == Self.floats(tensor.name, files[1]), "\(tensor.name)")
        }
    }

    @Test func windowsAreChosen() throws {
        let gemma = try Self.gemma()
        func counts(_ skipped: Int, _ most: Int?) throws -> (total: Int, first: Float) {
            let measurement = try ImportanceMeasurement(
                gemma, tokens: Self.tokens, window: Self.window, skipping: skipped, most: most)
            try measurement.run()
            return (measurement.total, try Self.floats("blk.0.attn_q.weight.counts", try Self.file(measurement))[0])
        }
        #expect(try counts(0, 2) == (2, 48) && counts(3, nil) == (1, 24) && counts(1, 9) == (3, 72))
        #expect(throws: ImportanceError.textTooShort(tokens: 4, window: 24)) { try counts(4, nil) }
        #expect(throws: ImportanceError.textTooShort(tokens: 0, window: 24)) { try counts(.max, nil) }
    }

    /// A window that is stopped in the middle leaves nothing behind.
    @Test func onlyWholeWindowsCount() throws {
        let gemma = try Self.gemma()
        let whole = try ImportanceMeasurement(gemma, tokens: Self.tokens, window: Self.window, most: 1)
        try whole.run()
        let stopped = try ImportanceMeasurement(gemma, tokens: Self.tokens, window: Self.window)
        var layers = 0
        try stopped.run(isCancelled: {
            layers += 1
            return layers > 5  // two layers of two calls, then the first layer of the second window
        })
        #expect(stopped.chunks == 1)
        let files = try [whole, stopped].map(Self.file)
        for tensor in files[0].tensors {
            #expect(try Self.floats(tensor.name, files[0]) == Self.floats(tensor.name, files[1]), "\(tensor.name)")
        }
    }

    @Test func theOutputIsMeasuredWhereThereIsOne() throws {
        #expect(throws: ImportanceError.noOutputTensor) {
            _ = try ImportanceMeasurement(
                try Self.gemma(), tokens: Self.tokens, window: Self.window, withOutput: true)
        }
        let measurement = try ImportanceMeasurement(
            try Self.gemma { $0.hasOutputWeight = true }, tokens: Self.tokens, window: Self.window, withOutput: true)
        try measurement.run()
        let file = try Self.file(measurement)
        #expect(try Self.floats("output.weight.counts", file) == [96])
        #expect(try Self.floats("output.weight.in_sum2", file).allSatisfy { $0 > 0 })
    }

    @Test func numbersThatAreNoneAreNamed() throws {
        var random = RandomModel()
        random.width = 64
        random.feedForwardWidth = 96
        random.headDim = 16
        var bytes = random.encoded()
        let file = try random.file()
        let tensor = try file.requireTensor("blk.1.attn_norm.weight")
        for (index, byte) in [UInt8(0), 0, 0xC0, 0x7F].enumerated() { bytes[tensor.offset + index] = byte }
        let broken = Gemma(
            try GemmaModel(try GGUFFile(bytes: FileBytes(copying: bytes))), plan: .uniform(.blas),
            executor: Executor(threads: 1), ubatch: 16)
        let measurement = try ImportanceMeasurement(broken, tokens: Self.tokens, window: Self.window)
        #expect(throws: ImportanceError.notFinite(tensor: "blk.1.attn_q.weight", chunk: 0)) { try measurement.run() }
    }
}
