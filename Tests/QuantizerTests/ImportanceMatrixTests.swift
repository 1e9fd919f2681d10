import Quantization
import Quantizer
import Foundation
import GGUF
import TestSupport
import Testing

@Suite struct ImportanceMatrixTests {
    /// A file as llama.cpp's imatrix tool writes it.
    struct Sample {
        var tensors: [(name: String, sums: [Float], shape: [Int], counts: [Float])] = []
        var datasets: [String]? = ["text.txt"]
        var type: String? = "imatrix"

        func write(to path: String) throws {
            var writer = GGUFWriter()
            if let type { writer.add("general.type", .string(ByteString(type))) }
            if let datasets { writer.add("imatrix.datasets", .array(ArrayValue(datasets))) }
            writer.add("imatrix.chunk_count", .uint32(7))
            writer.add("imatrix.chunk_size", .uint32(512))
            for tensor in tensors {
                writer.addTensor(
                    tensor.name + ".in_sum2", type: .F32, shape: tensor.shape,
                    bytes: ArrayValue(tensor.sums).encodedBytes)
                writer.addTensor(
                    tensor.name + ".counts", type: .F32, shape: [1, tensor.counts.count],
                    bytes: ArrayValue(tensor.counts).encodedBytes)
            }
            try writer.write(to: path)
        }
    }

    private func made(
        _ file: GGUFFile, _ recipe: String, with matrix: ImportanceMatrix, in scratch: Scratch
    ) throws -> (file: GGUFFile, plan: QuantizationPlan) {
        let plan = try QuantizationPlan(file, recipe: .named(recipe), importance: matrix)
        try FileQuantizer(file, plan: plan, importance: matrix).write(to: scratch.path("out.gguf"))
        return (try GGUFFile(path: scratch.path("out.gguf")), plan)
    }

    @Test(arguments: ["Q2_K", "Q3_K_S", "Q4_K_S", "Q5_K_S", "Q6_K"])
    func errorsWeighAsTheMatrixSays(recipe: String) throws {
        let scratch = try Scratch()
        let file = try RandomModel().file()
        let importance = EncodeInput.importance(columns: 256)
        var sample = Sample()
        // counts are divided out; powers of two leave the numbers as they are
        sample.tensors = [("blk.0.attn_q.weight", importance.map { $0 * 512 }, [256], [512])]
        try sample.write(to: scratch.path("imatrix.gguf"))
        let matrix = try ImportanceMatrix(path: scratch.path("imatrix.gguf"))
        #expect(matrix.count == 1 && matrix.chunkCount == 7 && matrix.datasets == ["text.txt"])
        let (out, plan) = try made(file, recipe, with: matrix, in: scratch)
        let tensor = try out.requireTensor("blk.0.attn_q.weight")
        let source = try file.requireTensor(tensor.name)
        let weighted = try encode(file, source, as: tensor.type, importance: importance)
        #expect(bytes(of: tensor, in: out) == weighted)
        #expect(weighted != (try encode(file, source, as: tensor.type)))
        let other = try out.requireTensor("blk.1.attn_q.weight")
        #expect(bytes(of: other, in: out) == (try encode(file, file.requireTensor(other.name), as: other.type)))
        let lacking = plan.tensors.filter(\.lacksImportance).map(\.source.name)
        #expect(
            lacking.contains(other.name) && !lacking.contains(tensor.name) && !lacking.contains { $0.contains("norm") })
        #expect(out.metadata["quantize.imatrix.file"] == .string(ByteString(scratch.path("imatrix.gguf"))))
        #expect(out.metadata["quantize.imatrix.dataset"] == .string("text.txt"))
        #expect(out.metadata["quantize.imatrix.entries_count"] == .uint32(1))
        #expect(out.metadata["quantize.imatrix.chunks_count"] == .uint32(7))
    }

    @Test func theOlderFormIsReadToo() throws {
        let scratch = try Scratch()
        let importance = EncodeInput.importance(columns: 256)
        func number(_ value: Int) -> [UInt8] { ArrayValue([Int32(value)]).encodedBytes }
        let name = Array("blk.0.attn_q.weight".utf8)
        var file = number(1) + number(name.count) + name + number(4) + number(256)
        file += ArrayValue(importance.map { $0 * 4 }).encodedBytes
        let path = scratch.path("imatrix.dat")
        for tail in [[], number(9), number(9) + number(3) + Array("abc".utf8)] {
            try Data(file + tail).write(to: URL(filePath: path))
            let matrix = try ImportanceMatrix(path: path)
            #expect(matrix.chunkCount == (tail.isEmpty ? 0 : 9) && matrix.datasets == (tail.count > 4 ? ["abc"] : []))
            let model = try RandomModel().file()
            let out = try made(model, "Q4_K_S", with: matrix, in: scratch).file
            let tensor = try out.requireTensor("blk.0.attn_q.weight")
            let expected = try encode(model, model.requireTensor(tensor.name), as: .Q4_K, importance: importance)
            #expect(bytes(of: tensor, in: out) == expected)
        }
        // cut anywhere, it is refused
        for end in stride(from: 1, to: file.count, by: 37) {
            try Data(file[..<end]).write(to: URL(filePath: path))
            #expect(throws: QuantizerError.self, "\(end)") { try ImportanceMatrix(path: path) }
        }
    }

    @Test func whatDoesNotFitIsRefusedByName() throws {
        let scratch = try Scratch()
        let path = scratch.path("imatrix.gguf")
        let name = "blk.0.attn_q.weight"
        func error(_ change: (inout Sample) -> Void) throws -> QuantizerError? {
            var sample = Sample()
            sample.tensors = [(name, Array(repeating: 1, count: 256), [256], [1])]
            change(&sample)
            try sample.write(to: path)
            do {
                let matrix = try ImportanceMatrix(path: path)
                _ = try QuantizationPlan(try RandomModel().file(), recipe: .named("Q4_K_S"), importance: matrix)
            } catch let error as QuantizerError {
                return error
            }
            return nil
        }
        #expect(try error { _ in } == nil)
        #expect(
            try error { $0.tensors[0] = (name, Array(repeating: 1, count: 128), [128], [1]) }
                == .importanceMisfit(tensor: name, expected: 256, found: 128))
        #expect(
            try error { $0.tensors[0].sums[5] = .nan }
                == .badImportance(tensor: name, reason: "a number that is not finite"))
        #expect(try error { $0.tensors[0].sums[5] = -1 } == .badImportance(tensor: name, reason: "a negative number"))
        for count in [Float.nan, .infinity, -1] {
            #expect(
                try error { $0.tensors[0].counts = [count] }
                    == .badImportance(
                        tensor: name, reason: "a count of inputs that is negative or no finite number"))
        }
        for change in [
            { $0.type = "model" }, { $0.datasets = nil }, { $0.tensors = [] }, { $0.tensors[0].counts = [1, 1] },
        ] as [(inout Sample) -> Void] {
            guard case .notAnImportanceMatrix = try error(change) else {
                Issue.record("accepted")
                continue
            }
        }
        // an embedding is looked up, not multiplied: what a file has for it is of use only where it fits
        #expect(try error { $0.tensors.append(("token_embd.weight", [1, 1], [2], [1])) } == nil)
    }

    @Test func whatWasNeverUsedCountsAlike() throws {
        let scratch = try Scratch()
        var sample = Sample()
        sample.tensors = [("blk.0.attn_q.weight", Array(repeating: 0, count: 256), [256], [0])]
        try sample.write(to: scratch.path("imatrix.gguf"))
        let matrix = try ImportanceMatrix(path: scratch.path("imatrix.gguf"))
        let model = try RandomModel().file()
        let out = try made(model, "Q6_K", with: matrix, in: scratch).file
        let tensor = try out.requireTensor("blk.0.attn_q.weight")
        let ones = [Float](repeating: 1, count: 256)
        #expect(
            bytes(of: tensor, in: out)
                == (try encode(model, model.requireTensor(tensor.name), as: .Q6_K, importance: ones)))
    }

    /// Of several matrices in one tensor, those that met no input weigh all columns alike.
    @Test func oneOfSeveralMatricesMayHaveMetNothing() throws {
        let scratch = try Scratch()
        let importance = EncodeInput.importance(columns: 256)
        var sample = Sample()
        sample.tensors = [
            ("experts.weight", importance.map { $0 * 4 } + Array(repeating: 5, count: 256), [256, 2], [4, 0])
        ]
        try sample.write(to: scratch.path("imatrix.gguf"))
        let matrix = try ImportanceMatrix(path: scratch.path("imatrix.gguf"))
        let values = (0..<512).map { Float($0 * 29 % 101) - 50 }
        var writer = GGUFWriter()
        writer.addTensor(
            "experts.weight", type: .F32, shape: [256, 1, 2], bytes: ArrayValue(values).encodedBytes)
        let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
        let (out, plan) = try made(file, "Q4_K_S", with: matrix, in: scratch)
        #expect(plan.tensors.first?.lacksImportance == false)
        let block = try block(.Q4_K)
        let expected =
            block.encode(row: Array(values[..<256]), importance: importance)
            + block.encode(row: Array(values[256...]), importance: Array(repeating: 1, count: 256))
        #expect(bytes(of: try out.requireTensor("experts.weight"), in: out) == expected)
    }
}
