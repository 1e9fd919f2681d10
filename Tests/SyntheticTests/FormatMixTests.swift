import GGUF
import Synthetic
import TestSupport
import Testing

@Suite struct FormatMixTests {
    /// A mix as llama.cpp's quantizer makes it: the layers' bits of attn_v and ffn_down, then the formats of
    /// attn_output, of the embedding and of all other matrices.
    struct Golden: Sendable {
        let name: String
        let value: String
        let down: String
        let output: TensorType
        let embedding: TensorType
        let rest: TensorType

        init(_ name: String, _ value: String, _ down: String, _ output: TensorType, _ rest: TensorType) {
            self.name = name
            self.value = value
            self.down = down
            self.output = output
            embedding = rest.blockSize == 256 ? .Q6_K : rest
            self.rest = rest
        }
    }

    private static func all(_ bits: String, _ layers: Int) -> String { String(repeating: bits, count: layers) }

    private static let goldens = [
        Golden("gemma-2b:Q8_0", all("8", 18), all("8", 18), .Q8_0, .Q8_0),
        Golden("gemma-2b:F16", all("16", 18), all("16", 18), .F16, .F16),
        Golden("gemma-2b:BF16", all("16", 18), all("16", 18), .BF16, .BF16),
        Golden("gemma-2b:F32", all("32", 18), all("32", 18), .F32, .F32),
        Golden("gemma-2b:Q6_K", all("6", 18), all("6", 18), .Q6_K, .Q6_K),
        Golden("gemma-2b:Q5_K_M", "665565565565565666", "665565565565565666", .Q5_K, .Q5_K),
        Golden("gemma-2b:Q5_K_S", all("5", 18), all("5", 18), .Q5_K, .Q5_K),
        Golden("gemma-2b:Q4_K_M", "664464464464464666", "664464464464464666", .Q4_K, .Q4_K),
        Golden("gemma-2b:Q4_K_S", "555544444444444444", "554444444444444444", .Q4_K, .Q4_K),
        Golden("gemma-2b:Q3_K_L", all("5", 18), all("5", 18), .Q5_K, .Q3_K),
        Golden("gemma-2b:Q3_K_M", "554444444444444444", "544444444444444444", .Q4_K, .Q3_K),
        Golden("gemma-2b:Q3_K_S", all("3", 18), all("3", 18), .Q3_K, .Q3_K),
        Golden("gemma-2b:Q2_K", all("4", 18), all("3", 18), .Q3_K, .Q2_K),
        Golden("gemma-7b:Q5_K_M", "6665565565565565565565566666", "6665565565565565565565566666", .Q5_K, .Q5_K),
        Golden("gemma-7b:Q4_K_M", "6664464464464464464464466666", "6664464464464464464464466666", .Q4_K, .Q4_K),
        Golden("gemma-7b:Q4_K_S", "5555444444444444444444444444", "5554444444444444444444444444", .Q4_K, .Q4_K),
        Golden("gemma-7b:Q3_K_M", "5544444444444444444444444444", "5444444444444444444444444444", .Q4_K, .Q3_K),
        Golden("gemma-7b:Q2_K", all("3", 28), all("3", 28), .Q3_K, .Q2_K),
        Golden("carat-tiny:Q4_K_M", "4466", "4466", .Q4_K, .Q4_K),
        Golden("carat-tiny:Q4_K_S", "5555", "4444", .Q4_K, .Q4_K),
        Golden("carat-tiny:Q3_K_M", "5544", "4444", .Q4_K, .Q3_K),
    ]

    @Test(arguments: goldens)
    func formatsAreThoseOfFilesInCirculation(golden: Golden) throws {
        let model = try SyntheticModel(name: golden.name)
        func formats(_ role: String) throws -> [TensorType] {
            try (0..<model.shape.layers).map { try #require(model.format(of: "blk.\($0).\(role).weight")) }
        }
        func bits(_ role: String) throws -> String {
            try formats(role).map { $0.name.drop(while: { !$0.isNumber }).prefix(while: \.isNumber) }.joined()
        }
        #expect(try bits("attn_v") == golden.value)
        #expect(try bits("ffn_down") == golden.down)
        #expect(try Set(formats("attn_output")) == [golden.output])
        #expect(model.format(of: "token_embd.weight") == golden.embedding)
        for role in ["attn_q", "attn_k", "ffn_gate", "ffn_up"] {
            #expect(try Set(formats(role)) == [golden.rest], "\(role)")
        }
        for role in ["attn_norm", "ffn_norm"] { #expect(try Set(formats(role)) == [.F32], "\(role)") }
    }

    @Test(arguments: ["Q4_K_M", "Q2_K", "Q8_0", "F16"])
    func aModelHasTheTensorsOfTheRealFile(mix: String) throws {
        let real = try #require(try Fixtures.tinyModel(mix))
        let model = try SyntheticModel(name: "carat-tiny:\(mix)")
        let file = try model.file()
        #expect(file.tensors.map(\.name) == real.tensors.map(\.name))
        #expect(file.tensors.map(\.type) == real.tensors.map(\.type))
        #expect(file.tensors.map(\.shape) == real.tensors.map(\.shape))
        let keys = Set(real.metadata.keys).subtracting(["general.license"])
        #expect(Set(file.metadata.keys) == keys)
    }
}
