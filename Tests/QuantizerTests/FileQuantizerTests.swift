import Compute
import Quantizer
import Foundation
import GGUF
import Quantization
import TestSupport
import Testing

@Suite struct FileQuantizerTests {
    /// llama.cpp's quantizer made these of the F32 file.
    static let madeByLlama = ["F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K"]

    @Test(.enabled(if: Fixtures.hasTinyModel("F32")), arguments: madeByLlama, [1, 2])
    func filesAreLlamaCppsByteForByte(recipe: String, threads: Int) throws {
        let parent = try #require(try Fixtures.tinyModel("F32"))
        let golden = try #require(try Fixtures.tinyModel(recipe))
        let scratch = try Scratch()
        #expect(bytes(try quantize(parent, recipe, in: scratch, threads: threads)) == bytes(golden))
    }

    @Test(arguments: Recipe.all.map(\.name))
    func everyTensorIsWhatTheReadableEncoderMakes(recipe: String) throws {
        let file = try RandomModel().file()
        let scratch = try Scratch()
        let made = try quantize(file, recipe, in: scratch)
        #expect(made.tensors.count == file.tensors.count)
        for tensor in made.tensors {
            let source = try file.requireTensor(tensor.name)
            let expected = try encode(file, source, as: tensor.type)
            #expect(bytes(of: tensor, in: made) == expected, "\(tensor.name) as \(tensor.type)")
        }
        let plan = try QuantizationPlan(file, recipe: .named(recipe))
        #expect(plan.byteCount == made.tensors.reduce(0) { $0 + $1.byteCount })
    }

    @Test func threadsAndInstructionSetsChangeNothing() throws {
        var random = RandomModel()
        random.feedForwardWidth = 768
        let file = try random.file()
        let scratch = try Scratch()
        let plan = try QuantizationPlan(file, recipe: .named("Q4_K_M"))
        for effort in EncodingEffort.allCases {
            var made: Set<[UInt8]> = []
            for kernels in [Kernels.portable, .best] {
                for threads in 1...3 {
                    var quantizer = FileQuantizer(file, plan: plan)
                    (quantizer.kernels, quantizer.threads, quantizer.effort) = (kernels, threads, effort)
                    try quantizer.write(to: scratch.path("out.gguf"))
                    made.insert(bytes(try GGUFFile(path: scratch.path("out.gguf"))))
                }
            }
            #expect(made.count == 1, "\(effort)")
        }
    }

    @Test func metadataIsKeptAndSaysWhatTheFileIs() throws {
        var random = RandomModel()
        random.overrides["general.file_type"] = .uint32(0)
        random.overrides["split.count"] = .uint16(1)
        let file = try random.file()
        let made = try quantize(file, "Q5_K_S", in: try Scratch())
        let kept = file.metadata.keys.filter { $0 != "general.file_type" && $0 != "split.count" }
        #expect(made.metadata.keys == kept + ["general.quantization_version", "general.file_type"])
        for key in kept { #expect(made.metadata[key] == file.metadata[key], "\(key)") }
        #expect(made.metadata["general.file_type"] == .uint32(16))
        #expect(made.metadata["general.quantization_version"] == .uint32(2))
    }

    @Test func requantizingReadsBlocks() throws {
        var random = RandomModel()
        random.format = { $0.contains("ffn") ? .Q6_K : .Q8_0 }
        let file = try random.file()
        let scratch = try Scratch()
        let plan = try QuantizationPlan(file, recipe: .named("Q3_K_S"), allowsRequantizing: true)
        try FileQuantizer(file, plan: plan).write(to: scratch.path("out.gguf"))
        let made = try GGUFFile(path: scratch.path("out.gguf"))
        for name in ["blk.0.ffn_up.weight", "blk.1.attn_q.weight"] {
            let tensor = try made.requireTensor(name)
            #expect(tensor.type == .Q3_K)
            #expect(bytes(of: tensor, in: made) == (try encode(file, file.requireTensor(name), as: .Q3_K)))
        }
    }

    @Test func theHighEffortErrsLess() throws {
        let file = try RandomModel().file()
        let scratch = try Scratch()
        for recipe in ["Q2_K", "Q4_K_S", "Q6_K"] {
            let plan = try QuantizationPlan(file, recipe: .named(recipe))
            var errors: [Double] = []
            for effort in EncodingEffort.allCases {
                var quantizer = FileQuantizer(file, plan: plan)
                quantizer.effort = effort
                try quantizer.write(to: scratch.path("out.gguf"))
                let made = try GGUFFile(path: scratch.path("out.gguf"))
                errors.append(
                    try made.tensors.reduce(0) { sum, tensor in
                        let before = floats(file, try file.requireTensor(tensor.name))
                        let after = floats(made, tensor)
                        return sum + zip(before, after).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
                    })
            }
            #expect(errors[1] < 0.97 * errors[0], "\(recipe)")
        }
    }

    @Test func progressCountsTheSourceAndCanEndTheWork() throws {
        struct Stop: Error {}
        let file = try RandomModel().file()
        let scratch = try Scratch()
        let plan = try QuantizationPlan(file, recipe: .named("Q8_0"))
        var seen: [Int] = []
        try FileQuantizer(file, plan: plan).write(to: scratch.path("a.gguf")) { seen.append($0) }
        #expect(seen.first == 0 && seen.last == plan.sourceByteCount && seen == seen.sorted())
        #expect(throws: Stop.self) {
            try FileQuantizer(file, plan: plan).write(to: scratch.path("b.gguf")) { if $0 > 0 { throw Stop() } }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder) == ["a.gguf"])
    }
}

func bytes(_ file: GGUFFile) -> [UInt8] { file.bytes.withSpan { span in span.withUnsafeBytes { Array($0) } } }

func bytes(of tensor: TensorInfo, in file: GGUFFile) -> [UInt8] {
    file.bytes.withSpan { span in
        span.extracting(tensor.offset..<tensor.offset + tensor.byteCount).withUnsafeBytes { Array($0) }
    }
}

func quantize(_ file: GGUFFile, _ recipe: String, in scratch: Scratch, threads: Int = 2) throws -> GGUFFile {
    let plan = try QuantizationPlan(file, recipe: .named(recipe))
    var quantizer = FileQuantizer(file, plan: plan)
    quantizer.threads = threads
    let path = scratch.path("\(recipe)-\(threads).gguf")
    try quantizer.write(to: path)
    return try GGUFFile(path: path)
}

/// The readable format of this type.
func block(_ type: TensorType) throws -> any EncodableBlock.Type {
    let known: [TensorType: any EncodableBlock.Type] = [
        .F32: F32.self, .F16: F16.self, .BF16: BF16.self, .Q4_0: Q4_0.self, .Q5_0: Q5_0.self, .Q5_1: Q5_1.self,
        .Q8_0: Q8_0.self, .Q2_K: Q2_K.self, .Q3_K: Q3_K.self, .Q4_K: Q4_K.self, .Q5_K: Q5_K.self, .Q6_K: Q6_K.self,
    ]
    return try #require(known[type])
}

func floats(_ file: GGUFFile, _ tensor: TensorInfo) -> [Float] {
    guard let block = try? block(tensor.type) else { return [] }
    let bytes = bytes(of: tensor, in: file)
    return stride(from: 0, to: bytes.count, by: block.bytes).flatMap { block.decode(bytes[$0..<$0 + block.bytes]) }
}

func encode(
    _ file: GGUFFile, _ tensor: TensorInfo, as type: TensorType, importance: [Float]? = nil
) throws -> [UInt8] {
    let x = floats(file, tensor)
    let block = try block(type)
    return (0..<tensor.rowCount).flatMap { row in
        block.encode(
            row: Array(x[row * tensor.columnCount..<(row + 1) * tensor.columnCount]), importance: importance)
    }
}
