import Quantizer
import GGUF
import TestSupport
import Testing

@Suite struct QuantizationPlanTests {
    /// A mix as llama.cpp's quantizer makes it: the bits of attn_v and ffn_down layer by layer, then attn_output's, the
    /// embedding's and the other matrices' types.
    struct Mix: Sendable {
        let recipe: String
        let value: String
        let down: String
        let output: TensorType
        let embedding: TensorType
        let rest: TensorType
    }

    private static func all(_ bits: String, _ layers: Int = 18) -> String { String(repeating: bits, count: layers) }

    /// Gemma 2B: 18 layers, 8 query heads on one KV head.
    static let mixes = [
        Mix(recipe: "Q2_K", value: all("4"), down: all("3"), output: .Q3_K, embedding: .Q6_K, rest: .Q2_K),
        Mix(recipe: "Q3_K_S", value: all("3"), down: all("3"), output: .Q3_K, embedding: .Q6_K, rest: .Q3_K),
        Mix(
            recipe: "Q3_K_M", value: "55" + all("4", 16), down: "5" + all("4", 17), output: .Q4_K, embedding: .Q6_K,
            rest: .Q3_K),
        Mix(recipe: "Q3_K_L", value: all("5"), down: all("5"), output: .Q5_K, embedding: .Q6_K, rest: .Q3_K),
        Mix(
            recipe: "Q4_K_S", value: "5555" + all("4", 14), down: "55" + all("4", 16), output: .Q4_K, embedding: .Q6_K,
            rest: .Q4_K),
        Mix(
            recipe: "Q4_K_M", value: "664464464464464666", down: "664464464464464666", output: .Q4_K,
            embedding: .Q6_K, rest: .Q4_K),
        Mix(recipe: "Q5_K_S", value: all("5"), down: all("5"), output: .Q5_K, embedding: .Q6_K, rest: .Q5_K),
        Mix(
            recipe: "Q5_K_M", value: "665565565565565666", down: "665565565565565666", output: .Q5_K,
            embedding: .Q6_K, rest: .Q5_K),
        Mix(recipe: "Q6_K", value: all("6"), down: all("6"), output: .Q6_K, embedding: .Q6_K, rest: .Q6_K),
        Mix(recipe: "Q8_0", value: all("8"), down: all("8"), output: .Q8_0, embedding: .Q8_0, rest: .Q8_0),
    ]

    static func model(_ change: (inout RandomModel) -> Void = { _ in }) throws -> GGUFFile {
        var random = RandomModel()
        (random.layers, random.heads, random.kvHeads, random.headDim) = (18, 8, 1, 32)
        random.feedForwardWidth = 256
        change(&random)
        return try random.file()
    }

    func types(_ plan: QuantizationPlan, _ role: String) -> [TensorType] {
        (0..<18).compactMap { layer in plan.tensors.first { $0.source.name == "blk.\(layer).\(role).weight" }?.type }
    }

    @Test(arguments: mixes)
    func mixesAreLlamaCpps(mix: Mix) throws {
        let file = try Self.model()
        let plan = try QuantizationPlan(file, recipe: .named(mix.recipe))
        func bits(_ role: String) -> String {
            types(plan, role).map { String($0.name.dropFirst().first ?? " ") }.joined()
        }
        #expect(bits("attn_v") == mix.value && bits("ffn_down") == mix.down)
        #expect(Set(types(plan, "attn_output")) == [mix.output])
        for role in ["attn_q", "attn_k", "ffn_gate", "ffn_up"] { #expect(Set(types(plan, role)) == [mix.rest]) }
        #expect(plan.tensors.first { $0.source.name == "token_embd.weight" }?.type == mix.embedding)
        for tensor in plan.tensors where tensor.source.name.contains("norm") {
            #expect(tensor.type == .F32 && tensor.isKept)
        }
        // the first Gemma files differ in the embedding alone
        var early = try Recipe.named(mix.recipe)
        early.edition = .early2024
        let old = try QuantizationPlan(file, recipe: early)
        for (a, b) in zip(plan.tensors, old.tensors) {
            #expect(b.type == (a.source.name == "token_embd.weight" ? mix.rest : a.type))
        }
    }

    @Test func anOutputMatrixOfItsOwnGetsTheBits() throws {
        let file = try Self.model { $0.hasOutputWeight = true }
        for edition in Recipe.Edition.allCases {
            var recipe = try Recipe.named("q4_k")
            recipe.edition = edition
            let plan = try QuantizationPlan(file, recipe: recipe)
            #expect(recipe.name == "Q4_K_M")
            #expect(plan.tensors.first { $0.source.name == "output.weight" }?.type == .Q6_K)
            #expect(plan.tensors.first { $0.source.name == "token_embd.weight" }?.type == .Q4_K)
        }
    }

    @Test func valuesThatFewHeadsShareGetFewerBits() throws {
        let plan = try QuantizationPlan(try Self.model { $0.kvHeads = 4 }, recipe: .named("Q2_K"))
        #expect(Set(types(plan, "attn_v")) == [.Q3_K])
    }

    @Test func tensorsComeInLlamaCppsOrder() throws {
        let names = try QuantizationPlan(try Self.model(), recipe: .named("Q6_K")).tensors.map(\.source.name)
        #expect(names.prefix(3) == ["output_norm.weight", "token_embd.weight", "blk.0.attn_k.weight"])
        let second = try #require(names.firstIndex(of: "blk.2.attn_k.weight"))
        #expect(second < (try #require(names.firstIndex(of: "blk.10.attn_k.weight"))))
    }

    @Test func overridesAndPure() throws {
        let file = try Self.model()
        let pure = try QuantizationPlan(file, recipe: .named("Q4_K_M"), isPure: true)
        #expect(Set(pure.tensors.filter { $0.source.shape.count > 1 }.map(\.type)) == [.Q4_K])
        let plan = try QuantizationPlan(
            file, recipe: .named("Q4_K_M"),
            overrides: [
                TensorOverride("FFN_(Up|gate)=q3_k"), TensorOverride(#"blk\.1[0-7]\.attn_k=F32"#),
                TensorOverride("attn_v=Q8_0"),
            ])
        #expect(Set(types(plan, "ffn_up") + types(plan, "ffn_gate")) == [.Q3_K])
        #expect(types(plan, "attn_k") == Array(repeating: .Q4_K, count: 10) + Array(repeating: .F32, count: 8))
        #expect(Set(types(plan, "attn_v")) == [.Q8_0])
        #expect(throws: QuantizerError.unmatchedPattern("fnn")) {
            try QuantizationPlan(file, recipe: .named("Q4_K_M"), overrides: [TensorOverride("fnn=Q8_0")])
        }
        for text in ["attn_v", "=Q8_0", "attn_v=", "attn_v=Q9", "attn_v=IQ2_XS"] {
            #expect(throws: QuantizerError.badTensorType(text)) { try TensorOverride(text) }
        }
        #expect(throws: QuantizerError.self) { try TensorOverride("(=Q8_0") }
        #expect(throws: QuantizerError.unknownRecipe("IQ2_XS")) { try Recipe.named("IQ2_XS") }
    }

    /// llama.cpp's smaller types, and F16 where even these do not fit.
    @Test(arguments: [
        ("Q2_K", TensorType.Q4_0), ("Q3_K_S", .Q4_0), ("Q4_K_S", .Q5_0), ("Q5_K_S", .Q5_1), ("Q6_K", .Q8_0),
    ])
    func rowsThatAreNoWholeBlocksGetSmallerBlocks(recipe: String, smaller: TensorType) throws {
        let plan = try QuantizationPlan(try Self.model { $0.width = 96 }, recipe: .named(recipe))
        let query = try #require(plan.tensors.first { $0.source.name == "blk.5.attn_q.weight" })
        #expect(query.type == smaller && query.wanted?.blockSize == 256)
        #expect(plan.tensors.first { $0.source.name == "token_embd.weight" }?.type == .Q8_0)
        let odd = try QuantizationPlan(try Self.model { $0.width = 40 }, recipe: .named(recipe))
        #expect(Set(types(odd, "attn_q")) == [.F16])
        #expect(throws: QuantizerError.unfitRows(tensor: "blk.0.attn_q.weight", columns: 96, type: .Q4_K)) {
            try QuantizationPlan(
                try Self.model { $0.width = 96 }, recipe: .named(recipe), overrides: [TensorOverride("attn_q=Q4_K")])
        }
    }

    @Test func quantizedInputIsRefusedByName() throws {
        let file = try Self.model { $0.format = { $0.contains("blk.3.ffn_up") ? .Q4_K : .F16 } }
        let expected = QuantizerError.alreadyQuantized(tensor: "blk.3.ffn_up.weight", type: .Q4_K, target: .Q3_K)
        #expect(throws: expected) { try QuantizationPlan(file, recipe: .named("Q3_K_S")) }
        #expect(expected.description.contains("--allow-requantize"))
        // the same type is no new error
        #expect(throws: Never.self) { try QuantizationPlan(file, recipe: .named("Q4_K_S")) }
        #expect(throws: Never.self) { try QuantizationPlan(file, recipe: .named("Q3_K_S"), allowsRequantizing: true) }
    }

    @Test func typesThatCannotBeReadAreRefusedByName() throws {
        var writer = GGUFWriter()
        writer.addTensor("a.weight", type: .IQ4_XS, shape: [256, 1], bytes: Array(repeating: 0, count: 136))
        let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
        #expect(throws: QuantizerError.unreadableType(tensor: "a.weight", type: .IQ4_XS, target: .Q8_0)) {
            try QuantizationPlan(file, recipe: .named("Q8_0"), allowsRequantizing: true)
        }
    }

    @Test func filesWithoutMatricesAreNoModels() throws {
        var writer = GGUFWriter()
        writer.addTensor("a_norm.weight", type: .F32, shape: [2], bytes: Array(repeating: 0, count: 8))
        let file = try GGUFFile(bytes: FileBytes(copying: writer.encoded()))
        #expect(throws: QuantizerError.notAModel(path: "(memory)")) {
            try QuantizationPlan(file, recipe: .named("Q8_0"))
        }
    }
}
