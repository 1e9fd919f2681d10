import Engine
import GGUF
import Gemma
import JSON
import OpenAI
import TestSupport

/// Models to check requests against: one with Gemma's turns, the base model that Carat carries.
enum SampleModel {
    static let names = ["gemma", "org/gemma"]

    static func chat(context: Int = 1024, names: [String] = []) throws -> ServedModel {
        served(try instruct.get(), context: context, names: names)
    }

    static func base(context: Int = 512) throws -> ServedModel {
        served(try embedded.get(), context: context)
    }

    static func foreign() throws -> ServedModel {
        served(try model(template: "<|im_start|>{{ message }}<|im_end|>"), context: 512)
    }

    private static func served(_ model: GemmaModel, context: Int, names: [String] = []) -> ServedModel {
        ServedModel(model, context: context, constraints: ConstraintCache(model.tokenizer), names: names)
    }

    private static let instruct = Result { try model(template: "<start_of_turn>{{ message }}<end_of_turn>") }
    private static let embedded = Result { try GemmaModel(try EmbeddedModel.open()) }

    private static func model(template: String) throws -> GemmaModel {
        var random = RandomModel()
        random.overrides["tokenizer.chat_template"] = .string(ByteString(template))
        random.overrides["tokenizer.ggml.add_space_prefix"] = .bool(false)
        return try GemmaModel(try random.file())
    }
}

extension PreparedRequest {
    init(_ endpoint: Endpoint, _ text: String, _ model: ServedModel, limit: Int = 1 << 20) throws(APIError) {
        try self.init(endpoint, bytes: Array(text.utf8), limit: limit, model: model)
    }

    /// The options of the first request.
    var options: GenerationOptions? {
        guard case .generate(let options, _) = requests.first?.task else { return nil }
        return options
    }

    var count: Int? {
        guard case .generate(_, let count) = requests.first?.task else { return nil }
        return count
    }
}

/// What is refused, and why; nil where nothing is.
func refusal(_ endpoint: Endpoint, _ text: String, _ model: ServedModel, limit: Int = 1 << 20) -> APIError? {
    do throws(APIError) {
        _ = try PreparedRequest(endpoint, text, model, limit: limit)
        return nil
    } catch { return error }
}
