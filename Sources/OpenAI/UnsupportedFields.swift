import JSON

/// Parameters that clients know from OpenAI, llama.cpp and vLLM and that Carat does not do.
///
/// They are refused by name rather than passed over, for their result would differ from what was asked. The values that
/// ask for nothing are let through. Unknown parameters are ignored, as everywhere.
struct UnsupportedFields {
    private let neutral: [String: [JSONValue]]

    /// Throws: `APIError` naming the first in the order of names.
    func check(_ fields: Fields) throws(APIError) {
        for (name, allowed) in neutral.sorted(by: { $0.key < $1.key }) {
            guard let value = fields[name], !allowed.contains(where: { Self.isSame($0, value) }) else { continue }
            if let other = Self.replacements[name] {
                throw fields.wrong(name, "is not a parameter here. Send `\(other)` instead.")
            }
            let values = allowed.map { " or send " + String(decoding: $0.serialized, as: UTF8.self) }.joined()
            throw fields.wrong(
                name, "is not supported\(allowed.isEmpty ? "" : " with this value"). Leave it out\(values).")
        }
    }

    /// 0 and 0.0 are the same.
    private static func isSame(_ one: JSONValue, _ other: JSONValue) -> Bool {
        one == other || one.double.map { $0 == other.double } == true
    }

    /// Parameters that have another name here.
    private static let replacements = [
        "n_predict": "max_tokens", "n_probs": "logprobs", "max_output_tokens": "max_tokens",
    ]

    private static let everywhere: [String: [JSONValue]] = [
        "n_predict": [], "n_probs": [], "max_output_tokens": [],
        "grammar": [""], "json_schema": [], "guided_json": [], "guided_regex": [], "guided_choice": [],
        "guided_grammar": [], "structured_outputs": [],
        "mirostat": [0], "dry_multiplier": [0], "xtc_probability": [0], "dynatemp_range": [0],
        "top_n_sigma": [-1], "samplers": [],
        "min_tokens": [0], "stop_token_ids": [[]], "bad_words": [[]], "allowed_token_ids": [],
        "use_beam_search": [false], "length_penalty": [1], "include_stop_str_in_output": [false],
        "skip_special_tokens": [true], "truncate_prompt_tokens": [], "lora": [[]],
        "return_tokens_as_token_ids": [false], "return_token_ids": [false],
    ]

    static let chat = UnsupportedFields(
        neutral: everywhere.merging([
            "tools": [[]], "tool_choice": ["none", "auto"], "functions": [[]], "function_call": ["none", "auto"],
            "modalities": [["text"]], "audio": [], "prediction": [], "web_search_options": [],
            "reasoning_effort": ["none"], "verbosity": ["medium"], "store": [false],
            "best_of": [1], "echo": [false], "suffix": [""],
            "add_generation_prompt": [true], "continue_final_message": [false],
            "chat_template": [], "chat_template_kwargs": [[:]], "documents": [[]],
        ]) { $1 })

    static let completion = UnsupportedFields(
        neutral: everywhere.merging(["suffix": [""], "best_of": [1], "prompt_embeds": []]) { $1 })

    static let llama = UnsupportedFields(
        neutral: everywhere.filter { !["n_predict", "n_probs", "json_schema"].contains($0.key) }.merging([
            "post_sampling_probs": [false], "return_tokens": [false, true], "n_keep": [0], "id_slot": [-1],
            "image_data": [[]], "t_max_predict_ms": [0, -1], "min_keep": [0],
        ]) { $1 })

    static let embedding = UnsupportedFields(
        neutral: ["dimensions": [], "truncate_prompt_tokens": [], "pooling": ["mean"], "normalize": [true]])
}
