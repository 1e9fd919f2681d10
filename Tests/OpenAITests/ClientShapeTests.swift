import Engine
import Foundation
import JSON
import OpenAI
import Testing
import Tokenizer

/// Responses read as a typed client does, which fails where a member is missing.
@Suite struct ClientShapeTests {
    private struct Usage: Decodable {
        let prompt_tokens, completion_tokens, total_tokens: Int
    }
    private struct ChatCompletion: Decodable {
        struct Choice: Decodable {
            struct Message: Decodable {
                let role, content: String
            }
            struct Logprobs: Decodable {
                struct Token: Decodable {
                    struct Top: Decodable {
                        let token: String
                        let logprob: Double
                        let bytes: [UInt8]
                    }
                    let token: String
                    let logprob: Double
                    let bytes: [UInt8]
                    let top_logprobs: [Top]
                }
                let content: [Token]
            }
            let index: Int
            let message: Message
            let logprobs: Logprobs?
            let finish_reason: String
        }
        let id, object, model: String
        let created: Int
        let choices: [Choice]
        let usage: Usage
    }
    private struct TextCompletion: Decodable {
        struct Choice: Decodable {
            struct Logprobs: Decodable {
                let tokens: [String]
                let token_logprobs: [Double?]
                let top_logprobs: [[String: Double]?]
                let text_offset: [Int]
            }
            let index: Int
            let text, finish_reason: String
            let logprobs: Logprobs
        }
        let id, object, model: String
        let created: Int
        let choices: [Choice]
        let usage: Usage
    }

    private func read<T: Decodable>(_ endpoint: Endpoint, _ body: String, as type: T.Type) throws -> T {
        let model = try SampleModel.chat()
        let token = try #require(model.tokenizer.vocabulary.id(of: "h"))
        let entry = TokenLogprobs(token: token, logprob: -0.5, top: [.init(token: token, logprob: -0.5)])
        var completion = Completion(seed: 1)
        (completion.text, completion.tokens, completion.logprobs) = ("h", [token], [entry])
        var result = EngineResult()
        result.completions = [completion]
        result.promptLogprobs = [nil, entry]
        let request = try PreparedRequest(endpoint, body, model)
        let response = try request.response(to: [result], stamp: ResponseStamp(id: "1", created: 1, model: "m"))
        return try JSONDecoder().decode(type, from: Data(response.serialized))
    }

    @Test func chat() throws {
        let body = "{\"messages\":[{\"role\":\"user\",\"content\":\"h\"}],\"logprobs\":true,\"top_logprobs\":1}"
        let response = try read(.chatCompletions, body, as: ChatCompletion.self)
        let token = try #require(response.choices.first?.logprobs?.content.first)
        #expect(token.top_logprobs.first?.bytes == [104] && response.choices[0].message.content == "h")
    }

    @Test func completion() throws {
        let body = "{\"prompt\":\"h\",\"echo\":true,\"logprobs\":1}"
        let response = try read(.completions, body, as: TextCompletion.self)
        let logprobs = try #require(response.choices.first?.logprobs)
        #expect(response.choices[0].text == "hh" && logprobs.tokens == ["<bos>", "h", "h"])
        #expect(logprobs.token_logprobs.count == 3 && logprobs.text_offset == [0, 0, 1])
    }
}
