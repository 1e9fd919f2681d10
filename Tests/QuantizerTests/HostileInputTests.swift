import Compute
import Quantizer
import Foundation
import GGUF
import Quantization
import TestSupport
import Testing

/// Whatever is wrong with the input, it is said by name and nothing is left behind.
@Suite struct HostileInputTests {
    /// Writes the random model with a change to the floats of one tensor.
    private func model(
        _ scratch: Scratch, tensor name: String = "blk.1.ffn_down.weight", at element: Int = 0, value: Float
    ) throws -> GGUFFile {
        var data = RandomModel().encoded()
        let tensor = try GGUFFile(bytes: FileBytes(copying: data)).requireTensor(name)
        data.replaceSubrange(
            tensor.offset + 4 * element..<tensor.offset + 4 * element + 4, with: ArrayValue([value]).encodedBytes)
        try Data(data).write(to: URL(filePath: scratch.path("in.gguf")))
        return try GGUFFile(path: scratch.path("in.gguf"))
    }

    private func write(_ file: GGUFFile, _ recipe: String = "Q4_K_M", to path: String) throws {
        let plan = try QuantizationPlan(file, recipe: .named(recipe))
        try FileQuantizer(file, plan: plan).write(to: path)
    }

    private func names(_ scratch: Scratch) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.folder).sorted()
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity], ["Q4_K_M", "Q8_0", "F16"])
    func weightsThatAreNoNumbers(value: Float, recipe: String) throws {
        let scratch = try Scratch()
        let file = try model(scratch, at: 512 * 3 + 17, value: value)
        let error = #expect(throws: ComputeError.self) { try write(file, recipe, to: scratch.path("out.gguf")) }
        #expect(error?.description.contains("blk.1.ffn_down.weight has") == true)
        #expect(error?.description.contains("row 3, column 17") == true)
        #expect(try names(scratch) == ["in.gguf"])
    }

    @Test func normsThatAreNoNumbers() throws {
        let scratch = try Scratch()
        let file = try model(scratch, tensor: "blk.0.attn_norm.weight", at: 9, value: .nan)
        let error = #expect(throws: ComputeError.self) { try write(file, to: scratch.path("out.gguf")) }
        #expect(error?.description.contains("blk.0.attn_norm.weight has no number (NaN) in row 0, column 9") == true)
    }

    @Test(arguments: ["Q4_K_M", "Q8_0", "F16"])
    func weightsTooLarge(recipe: String) throws {
        let scratch = try Scratch()
        let file = try model(scratch, value: 3e38)
        #expect(throws: ComputeError.self) { try write(file, recipe, to: scratch.path("out.gguf")) }
        #expect(try names(scratch) == ["in.gguf"])
    }

    @Test func aFileCutShortWhileItIsRead() throws {
        let scratch = try Scratch()
        let file = try model(scratch, value: 1)
        let plan = try QuantizationPlan(file, recipe: .named("Q4_K_M"))
        let path = scratch.path("in.gguf")
        let error = #expect(throws: GGUFError.self) {
            try FileQuantizer(file, plan: plan).write(to: scratch.path("out.gguf")) { done in
                if done > 0 { truncate(path, off_t(file.bytes.count / 2)) }
            }
        }
        #expect(error?.description.contains("in.gguf") == true && error?.description.contains("cut short") == true)
        #expect(try names(scratch) == ["in.gguf"])
    }

    @Test func aFileThatChangesWhileItIsRead() throws {
        let scratch = try Scratch()
        let file = try model(scratch, value: 1)
        let plan = try QuantizationPlan(file, recipe: .named("Q8_0"))
        let handle = try FileHandle(forWritingTo: URL(filePath: scratch.path("in.gguf")))
        let error = #expect(throws: GGUFError.self) {
            try FileQuantizer(file, plan: plan).write(to: scratch.path("out.gguf")) { done in
                if done > 0 { try handle.write(contentsOf: Data([0x47])) }
            }
        }
        #expect(error?.description.contains("changed while it was read") == true)
        #expect(try names(scratch) == ["in.gguf"])
    }

    @Test func theOutputIsTheInput() throws {
        let scratch = try Scratch()
        let file = try model(scratch, value: 1)
        let before = bytes(file)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("link.gguf"), withDestinationPath: scratch.path("in.gguf"))
        try FileManager.default.linkItem(atPath: scratch.path("in.gguf"), toPath: scratch.path("hard.gguf"))
        for name in ["in.gguf", "link.gguf", "hard.gguf"] {
            let path = scratch.path(name)
            #expect(throws: QuantizerError.sameFile(path)) { try write(file, to: path) }
        }
        #expect(bytes(try GGUFFile(path: scratch.path("in.gguf"))) == before)
        #expect(try names(scratch) == ["hard.gguf", "in.gguf", "link.gguf"])
    }

    @Test func aTensorPastTheEndOfTheFile() throws {
        let scratch = try Scratch()
        let data = RandomModel().encoded()
        try Data(data.dropLast(100)).write(to: URL(filePath: scratch.path("in.gguf")))
        let error = #expect(throws: GGUFError.self) { try GGUFFile(path: scratch.path("in.gguf")) }
        #expect(error?.description.contains("output_norm.weight") == true)
    }

    @Test func emptyAndManyDimensionalTensors() throws {
        var writer = GGUFWriter()
        let values = (0..<3 * 2 * 256).map { Float($0 % 11) - 5 }
        writer.addTensor("empty.weight", type: .F32, shape: [256, 0], bytes: [])
        writer.addTensor("experts.weight", type: .F32, shape: [256, 2, 3], bytes: ArrayValue(values).encodedBytes)
        let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
        let scratch = try Scratch()
        var sample = ImportanceMatrixTests.Sample()
        let importance = (0..<3).map { matrix in (0..<256).map { Float(($0 * 7 + matrix * 5) % 13) } }
        sample.tensors = [("experts.weight", importance.flatMap { $0 }, [256, 3], [1, 1, 1])]
        try sample.write(to: scratch.path("imatrix.gguf"))
        let matrix = try ImportanceMatrix(path: scratch.path("imatrix.gguf"))
        let plan = try QuantizationPlan(file, recipe: .named("Q4_K_S"), importance: matrix)
        try FileQuantizer(file, plan: plan, importance: matrix).write(to: scratch.path("out.gguf"))
        let out = try GGUFFile(path: scratch.path("out.gguf"))
        let tensor = try out.requireTensor("experts.weight")
        #expect(tensor.type == .Q4_K && tensor.shape == [256, 2, 3])
        let block = try block(.Q4_K)
        let expected = (0..<6).flatMap { row in
            block.encode(row: Array(values[row * 256..<row * 256 + 256]), importance: importance[row / 2])
        }
        #expect(bytes(of: tensor, in: out) == expected)
    }
}
