import Conversion
import Foundation
import JSON
import TestSupport
import Testing

/// Weight files that are damaged or lie: each is refused by name, and none does harm.
@Suite struct HostileWeightsTests {
    /// A folder whose one weight file has these bytes.
    private func refusal(_ bytes: [UInt8]) throws -> String {
        let scratch = try Scratch()
        try HubFolder().write(to: scratch.folder)
        try Data(bytes).write(to: URL(filePath: scratch.path("model.safetensors")))
        do {
            _ = try GemmaConverter(scratch.folder)
            return "taken"
        } catch {
            return error.description
        }
    }

    @Test func aHeaderThatCannotBe() throws {
        let good = HubFolder.safetensors(HubFolder().tensors)
        #expect(try refusal([]).contains("is incomplete: it has 0 bytes"))
        #expect(try refusal(Array(good.prefix(8))).contains("is incomplete: it has 8 bytes"))
        #expect(try refusal(Array(good.prefix(500))).contains("is incomplete: its header has"))
        #expect(try refusal(Array(good.dropLast(1))).contains("is incomplete: tensor `model.norm.weight` ends at byte"))
        #expect(try refusal(good + [0]).contains("1 bytes at its end belong to no tensor"))
        for length in [UInt64.max, 1 << 63, 17 << 20] {
            #expect(
                try refusal(HubFolder.file(header: Array("{}".utf8), data: [], length: length)).contains(
                    "\(length) bytes"))
        }
        for text in ["", "[]", "{", "{\"a\":1,\"a\":2}", String(repeating: "[", count: 1000), "\u{0}\u{0}"] {
            #expect(try refusal(HubFolder.file(header: Array(text.utf8), data: [1])).contains("is damaged: its header"))
        }
    }

    @Test(arguments: [
        (#"{"shape":[2],"data_offsets":[0,8]}"#, "it has no dtype"),
        (#"{"dtype":"I8","shape":[8],"data_offsets":[0,8]}"#, "has dtype `I8`, and F32, F16 and BF16 are converted"),
        (#"{"dtype":"F32","data_offsets":[0,8]}"#, "no shape"),
        (#"{"dtype":"F32","shape":[1,1,1,1,2],"data_offsets":[0,8]}"#, "no shape of up to 4"),
        (#"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#, "a dimension is no whole number"),
        (#"{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}"#, "a dimension is no whole number"),
        (#"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}"#, "more bytes than can be counted"),
        (#"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#, "it has 8 bytes, where shape [3] of F32 needs 12"),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#, "data_offsets are no range"),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#, "data_offsets are no range"),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#, "data_offsets are no range"),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}"#, "is incomplete: tensor `t` ends"),
        (#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#, "4 bytes before it belong to no tensor"),
        (
            #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"u":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#,
            "overlap those of `t`"
        ),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, "tensor `t` in"),
        ("7", "it has no dtype"),
    ])
    func aTensorThatCannotBe(_ tensor: String, part: String) throws {
        let text = try refusal(
            HubFolder.file(header: Array("{\"t\":\(tensor)}".utf8), data: Array(repeating: 0, count: 8)))
        #expect(text.contains(part), "\(text)")
        #expect(text.contains("model.safetensors"))
    }

    /// Bytes of a good header changed at random: refused or taken, never a crash.
    @Test func randomDamageIsSurvived() throws {
        let good = HubFolder.safetensors(HubFolder().tensors)
        let scratch = try Scratch()
        try HubFolder().write(to: scratch.folder)
        var random = SplitMix(7)
        var refused = 0
        for _ in 0..<300 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<2_000, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try Data(bytes).write(to: URL(filePath: scratch.path("model.safetensors")))
            do { _ = try GemmaConverter(scratch.folder) } catch { refused += 1 }
        }
        #expect(refused > 250)
    }

    @Test func whatIsNoPartOfTheModel() throws {
        var folder = HubFolder()
        folder.files["model.safetensors"]?.removeAll { $0.name == "model.layers.1.mlp.up_proj.weight" }
        guard case .missingTensor("model.layers.1.mlp.up_proj.weight", _) = try folder.refusal() else {
            Issue.record("a missing tensor is not missed")
            return
        }
        folder = HubFolder()
        folder.files["model.safetensors"]?.append(
            ("model.layers.2.mlp.up_proj.weight", .init(dtype: "F32", shape: [1], bytes: [0, 0, 0, 0])))
        guard case .unknownTensor(_, "model.layers.2.mlp.up_proj.weight") = try folder.refusal() else {
            Issue.record("a tensor too many is taken")
            return
        }
        folder = HubFolder()
        folder.change("model.layers.0.self_attn.k_proj.weight") { $0.shape = [16, 8] }
        guard case .shape(_, "model.layers.0.self_attn.k_proj.weight", [16, 8], [8, 16]) = try folder.refusal() else {
            Issue.record("a wrong shape is taken")
            return
        }
    }

    @Test func anIndexThatIsWrong() throws {
        var folder = HubFolder()
        folder.split(into: 2)
        let index = "model.safetensors.index.json"
        let good = try #require(folder.texts[index])
        func refusal(_ change: (inout HubFolder) -> Void) throws -> String {
            var copy = folder
            change(&copy)
            return try copy.refusal().map(\.description) ?? "taken"
        }
        let second = "model-00002-of-00002.safetensors"
        #expect(try refusal { $0.files[second] = nil }.contains("the file `\(second)` that it names is missing"))
        #expect(try refusal { $0.texts[index] = "{}" }.contains("no object as `weight_map`"))
        #expect(try refusal { $0.texts[index] = "{" }.contains("is not JSON"))
        let outside = good.replacingOccurrences(of: "model-00001-of", with: "../model-00001-of")
        #expect(try refusal { $0.texts[index] = outside }.contains("is in no file of the folder"))
        #expect(
            try refusal { $0.files[second]?.removeLast() }.contains("tensor `model.norm.weight` is not in `\(second)`"))
        #expect(
            try refusal { $0.texts[index] = good.replacingOccurrences(of: "model.norm.weight", with: "model.other") }
                .contains("is not in"))
        #expect(
            try refusal { folder in
                folder.texts[index] = nil
                folder.files["model.safetensors"] = folder.files[second]
            }.contains("is in both"))
        #expect(
            try refusal { folder in
                folder.files = [:]
                folder.texts = ["pytorch_model.bin": ""]
            }.contains("has pytorch_model.bin and no model*.safetensors"))
    }
}
