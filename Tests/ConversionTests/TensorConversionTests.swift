import Conversion
import Foundation
import GGUF
import JSON
import TestSupport
import Testing

@Suite struct TensorConversionTests {
    static let dtypes = ["F32", "F16", "BF16"]

    /// Every number is the nearest of its new type, and norm weights have 1 added.
    @Test(arguments: dtypes, GemmaConverter.TargetType.allCases)
    func numbersAreTheNearest(dtype: String, type: GemmaConverter.TargetType) throws {
        let folder = HubFolder(dtype: dtype)
        let file = try folder.converted(type)
        #expect(file.tensors.count == folder.tensors.count)
        for (source, target) in zip(folder.tensors, file.tensors) {
            let isNorm = source.tensor.shape.count == 1
            #expect(target.shape == source.tensor.shape.reversed(), "\(target.name)")
            #expect(target.type == (isNorm ? .F32 : type.tensorType), "\(target.name)")
            let values = source.tensor.bytes.floats(dtype).map { value -> Float in
                guard isNorm else { return value }
                // in half precision, the sum is of half precision
                return dtype == "F16" ? Float(Float16(value + 1)) : value + 1
            }
            let found = try file.data(target.name).floats(target.type.name)
            let expected =
                switch target.type {
                case .F16: values.map { Float(Float16($0)) }
                case .BF16: values.map(Self.nearestBF16)
                default: values
                }
            #expect(found == expected, "\(target.name)")
        }
    }

    /// The nearer of the two neighbours, and of two as near the even one.
    private static func nearestBF16(_ value: Float) -> Float {
        let below = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        let above = Float(bitPattern: (value.bitPattern & 0xFFFF_0000) &+ 0x1_0000)
        let (down, up) = ((value - below).magnitude, (above - value).magnitude)
        if down == up { return below.bitPattern & 0x1_0000 == 0 ? below : above }
        return down < up ? below : above
    }

    @Test func tensorsHaveTheirNamesInTheOrderOfTheFile() throws {
        let names = try HubFolder().converted().tensors.map(\.name)
        #expect(names.first == "token_embd.weight" && names.last == "output_norm.weight")
        #expect(
            names[1...9].elementsEqual(
                [
                    "attn_norm", "ffn_down", "ffn_gate", "ffn_up", "ffn_norm", "attn_k", "attn_output", "attn_q",
                    "attn_v",
                ].map { "blk.0.\($0).weight" }))
    }

    @Test func severalFilesAreOneModel() throws {
        var folder = HubFolder(dtype: "BF16")
        let whole = try folder.converted()
        folder.split(into: 3)
        let parts = try folder.converted()
        #expect(parts.copy == whole.copy)
        // without its index the folder says as much
        folder.texts = [:]
        #expect(try folder.converted().tensors.map(\.name) == whole.tensors.map(\.name))
    }

    @Test(arguments: [("F32", TensorType.F16), ("F16", .F16), ("BF16", .BF16)])
    func theDefaultKeepsSixteenBits(dtype: String, expected: TensorType) throws {
        let file = try HubFolder(dtype: dtype).converted()
        #expect(file.tensor("token_embd.weight")?.type == expected)
        #expect(try file.metadata.uint32("general.file_type") == (expected == .F16 ? 1 : 32))
    }

    @Test func redundantTensorsAreLeftOut() throws {
        var folder = HubFolder()
        let embedding = try #require(folder.tensors.first?.tensor)
        folder.files["model.safetensors"]?.append(("lm_head.weight", embedding))
        folder.files["model.safetensors"]?.append(
            ("model.layers.0.self_attn.rotary_emb.inv_freq", .init(dtype: "F32", shape: [1], bytes: [0, 0, 0, 0])))
        #expect(try folder.converted().tensors.count == folder.tensors.count - 2)
    }

    /// A number too large for F16 is refused by its place, and fits a wider type.
    @Test func overflowIsRefused() throws {
        var folder = HubFolder()
        let name = "model.layers.1.mlp.up_proj.weight"
        func set(_ value: Float) {
            folder.change(name) { tensor in
                for byte in 0..<4 { tensor.bytes[4 * 5 + byte] = UInt8(value.bitPattern >> UInt32(8 * byte) & 0xFF) }
            }
        }
        set(65_519)
        #expect(try folder.converted(.f16).data("blk.1.ffn_up.weight").floats("F16")[5] == 65_504)
        set(-65_520)
        let refusal = try #require(try folder.refusal(.f16))
        guard case .tooLarge(_, name, 5, -65_520, "F16") = refusal else {
            Issue.record("\(refusal)")
            return
        }
        #expect(refusal.description.contains("--type bf16"))
        #expect(try folder.refusal(.bf16) == nil)
        set(3.4e38)
        let wider = try #require(try folder.refusal(.bf16))
        #expect(wider.description.contains("--type f32"))
        #expect(try folder.refusal(.f32) == nil)
        for value in [Float.nan, .infinity, -.infinity] {
            set(value)
            guard case .notFinite(_, name, 5) = try folder.refusal(.f32) else {
                Issue.record("\(value) is taken")
                continue
            }
        }
    }

    @Test func whatThrowsInTheMiddleLeavesNothing() throws {
        struct Stop: Error {}
        let scratch = try Scratch()
        try HubFolder().write(to: scratch.path("model"))
        let converter = try GemmaConverter(scratch.path("model"))
        #expect(throws: Stop.self) {
            try converter.write(to: scratch.path("model/out.gguf")) { if $0 > 1_000 { throw Stop() } }
        }
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: scratch.path("model")))
        #expect(names == ["model.safetensors", "config.json", "tokenizer.model"])
    }

    @Test func theModelIsNotWrittenOver() throws {
        let scratch = try Scratch()
        try HubFolder().write(to: scratch.path("model"))
        let converter = try GemmaConverter(scratch.path("model"))
        for name in ["model.safetensors", "config.json"] {
            let target = scratch.path("model/" + name)
            #expect(throws: ConversionError.outputIsInput(path: target)) { try converter.write(to: target) }
        }
        #expect(throws: GGUFError.self) { try converter.write(to: scratch.path("nowhere/out.gguf")) }
    }
}
