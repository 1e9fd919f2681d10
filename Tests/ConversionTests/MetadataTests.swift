import Conversion
import GGUF
import JSON
import TestSupport
import Testing

/// The pairs of the file, as llama.cpp's converter writes them.
@Suite struct MetadataTests {
    @Test func aBareFolder() throws {
        let metadata = try HubFolder().converted(.f32).metadata
        #expect(
            metadata.keys == [
                "general.architecture", "general.type", "general.name", "general.size_label", "gemma.context_length",
                "gemma.embedding_length", "gemma.block_count", "gemma.feed_forward_length",
                "gemma.attention.head_count", "gemma.attention.head_count_kv",
                "gemma.attention.layer_norm_rms_epsilon", "gemma.attention.key_length",
                "gemma.attention.value_length", "general.file_type", "general.quantization_version",
                "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
                "tokenizer.ggml.token_type", "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
                "tokenizer.ggml.eot_token_id", "tokenizer.ggml.add_space_prefix",
            ])
        #expect(try metadata.string("general.name") == "Tiny Model")
        #expect(try metadata.uint32("tokenizer.ggml.eot_token_id") == 5)
        let tokens = try metadata.requireStringArray("tokenizer.ggml.tokens")
        #expect(tokens.indices.map { tokens.text($0) } == RandomModel.vocabulary.map(\.text))
        #expect(
            try metadata.requireFloat32Array("tokenizer.ggml.scores")
                == RandomModel.vocabulary.indices.map { -Float($0) })
        #expect(try metadata.requireInt32Array("tokenizer.ggml.token_type") == RandomModel.vocabulary.map(\.kind))
    }

    @Test func tokensAreChangedAndAdded() throws {
        var folder = HubFolder()
        let count = HubFolder.vocabularyCount
        folder.pieces[280].kind = 4
        folder.pieces.removeLast(3)
        folder.texts["added_tokens.json"] = "{\"mine\": \(count - 2), \"beyond\": \(count)}"
        folder.texts["tokenizer_config.json"] = """
            {"added_tokens_decoder": {"281": {"content": "a\u{2581}b", "special": false},
             "282": {"content": "<end>", "special": true}, "283": {"content": "<unused7>", "special": false}}}
            """
        let metadata = try folder.converted().metadata
        let tokens = try metadata.requireStringArray("tokenizer.ggml.tokens")
        let kinds = try metadata.requireInt32Array("tokenizer.ggml.token_type")
        let scores = try metadata.requireFloat32Array("tokenizer.ggml.scores")
        func token(_ id: Int) -> String { "\(tokens.text(id) ?? "?") \(kinds[id]) \(scores[id])" }
        #expect(kinds[280] == 1)
        #expect(token(281) == "a b 4 -1000.0" && token(282) == "<end> 3 -1000.0" && token(283) == "<unused7> 3 -1000.0")
        #expect(token(count - 3) == "[PAD\(count - 3)] 5 -10000.0")
        #expect(token(count - 2) == "mine 4 -1000.0")
        #expect(tokens.count == count)
    }

    @Test func specialTokensComeFromTheTokenizerFirst() throws {
        var folder = HubFolder()
        folder.config["eos_token_id"] = 107
        folder.config["pad_token_id"] = 0
        folder.config["cls_token_id"] = 4
        folder.texts["tokenizer_config.json"] = """
            {"add_bos_token": false, "add_eos_token": false, "eos_token": {"content": "<eos>"}, "bos_token": "<bos>",
             "unk_token": "<unk>"}
            """
        folder.texts["tokenizer.json"] = """
            {"model": {"vocab": {"}": "\\"]"}, "merges": [[]]}, "added_tokens": [{"id": 3, "content": "<unk>"},
             {"id": 1, "content": "<eos>"}, {"id": 2, "content": "<bos>"}],
             "post_processor": {"type": "TemplateProcessing",
              "single": [{"SpecialToken": {"id": "<bos>"}}, {"Sequence": {"id": "A"}}],
              "pair": [{"SpecialToken": {"id": "<bos>"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<bos>"}},
                       {"Sequence": {"id": "B"}}]}}
            """
        let metadata = try folder.converted().metadata
        let start = try #require(metadata.keys.firstIndex(of: "tokenizer.ggml.bos_token_id"))
        #expect(
            metadata.entries[start...].map { "\($0.key.dropFirst("tokenizer.ggml.".count)) \($0.value)" } == [
                "bos_token_id uint32(2)", "eos_token_id uint32(1)", "unknown_token_id uint32(3)",
                "padding_token_id uint32(0)", "add_bos_token bool(true)", "add_sep_token bool(false)",
                "add_eos_token bool(false)", "eot_token_id uint32(5)", "add_space_prefix bool(false)",
            ])
    }

    @Test func chatTemplates() throws {
        func metadata(_ texts: [String: String]) throws -> Metadata {
            var folder = HubFolder()
            folder.texts = texts
            return try folder.converted().metadata
        }
        let key = "tokenizer.chat_template"
        let one = try metadata(["tokenizer_config.json": #"{"chat_template": "{{ é }}"}"#])
        #expect(try one.string(key) == "{{ é }}")
        let several = try metadata([
            "tokenizer_config.json":
                #"{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool use", "template": "t"}]}"#
        ])
        #expect(try several.string(key) == "d" && several.string(key + ".tool_use") == "t")
        #expect(try several.requireStringArray("tokenizer.chat_templates").text(0) == "tool_use")
        let file = try metadata(["tokenizer_config.json": "{}", "chat_template.jinja": "from a file"])
        #expect(try file.string(key) == "from a file")
        #expect(try metadata(["chat_template.jinja": "alone"]).string(key) == nil)
    }

    /// What names say, by the rules of llama.cpp's converter; the model has 8,672 parameters.
    @Test(
        arguments: [
            ("gemma-4K-it", "Gemma 4K It", "gemma", "it", nil, "4K"),
            ("codegemma-4k-it-v1.1", "Codegemma 4k It v1.1", "codegemma", "it", "v1.1", "4K"),
            ("Gemma-4.5K-Chat", "Gemma 4.5K Chat", "Gemma", "Chat", nil, "4.5K"),
            (
                "my-tuned_gemma-4k-80k-instruct", "My Tuned_Gemma 4k 80k Instruct", "my-tuned_gemma", "80k-instruct",
                nil, "4K"
            ),
            ("gemma", "Gemma", nil, nil, nil, nil), ("gemma-small-4K", "Gemma Small 4K", "gemma-small", nil, nil, "4K"),
            ("a sentence about it", "A Sentence About It", nil, nil, nil, nil),
            ("v1-gemma-1.1-4k", "v1 Gemma 1.1 4k", "v1-gemma-1.1", nil, nil, "4K"),
            ("gemma-4k-fp16", "Gemma 4k Fp16", "gemma", nil, nil, "4K"),
        ] as [(String, String, String?, String?, String?, String?)])
    func namesSayMuch(
        _ name: String, title: String, basename: String?, finetune: String?, version: String?, size: String?
    ) throws {
        let metadata = try HubFolder().converted(name: name).metadata
        #expect(try metadata.string("general.name") == title)
        #expect(try metadata.string("general.basename") == basename)
        #expect(try metadata.string("general.finetune") == finetune)
        #expect(try metadata.string("general.version") == version)
        if let size { #expect(try metadata.string("general.size_label") == size) }
    }

    @Test func theModelCardAndItsKin() throws {
        var folder = HubFolder()
        folder.config["_name_or_path"] = "some-org/origin-4k-it"
        folder.texts["generation_config.json"] = #"{"top_k": 64, "top_p": 0.5, "temperature": 1, "do_sample": true}"#
        folder.texts["README.md"] = """
            ---
            license: apache-2.0  # free
            license_link: "https://example.org/a#b"
            language:
            - en
            - no
            tags: [novels, 'tiny model']
            pipeline_tag: text-generation
            base_model: google/gemma-2b-it
            datasets:
              - https://huggingface.co/example/Old-Novels
            widget:
              - messages:
                - role: user
            model_creator: null
            ---
            name: not this
            """
        let metadata = try folder.converted().metadata
        let pairs = metadata.entries.filter { $0.key.hasPrefix("general.") }
        func text(_ key: String) throws -> String? { try metadata.string("general." + key) }
        #expect(
            pairs.map { String($0.key.dropFirst("general.".count)) } == [
                "architecture", "type", "sampling.top_k", "sampling.top_p", "sampling.temp", "name", "organization",
                "finetune", "basename", "size_label", "license", "license.link", "base_model.count",
                "base_model.0.name", "base_model.0.organization", "base_model.0.repo_url", "dataset.count",
                "dataset.0.name", "dataset.0.organization", "dataset.0.repo_url", "tags", "languages", "file_type",
                "quantization_version",
            ])
        #expect(metadata["general.sampling.top_k"] == .int32(64) && metadata["general.sampling.temp"] == .float32(1))
        #expect(try text("name") == "Origin 4k It" && text("organization") == "Some Org")
        #expect(try text("license") == "apache-2.0" && text("license.link") == "https://example.org/a#b")
        #expect(try text("base_model.0.name") == "Gemma 2b It")
        #expect(try text("base_model.0.repo_url") == "https://huggingface.co/google/gemma-2b-it")
        #expect(try text("dataset.0.name") == "Old Novels")
        let tags = try metadata.requireStringArray("general.tags")
        #expect(tags.indices.map { tags.text($0) } == ["novels", "tiny model", "text-generation"])
        let languages = try metadata.requireStringArray("general.languages")
        #expect(languages.indices.map { languages.text($0) } == ["en", "no"])
    }
}
