import Engine
import Foundation
import JSON
import OpenAI
import Testing
import Tokenizer

@Suite struct ResponseTests {
    private let model: ServedModel
    private var stamp = ResponseStamp(id: "7", created: 1_730_000_000, model: "org/gemma")
    private let h, i, split, endOfTurn: TokenID

    init() throws {
        model = try SampleModel.chat()
        let vocabulary = model.tokenizer.vocabulary
        h = try #require(vocabulary.id(of: "h"))
        i = try #require(vocabulary.id(of: "i"))
        split = try #require(vocabulary.id(of: "<0xE2>"))
        endOfTurn = try #require(model.tokenizer.endOfTurn)
    }

    private func logprobs(_ token: TokenID, _ value: Double, _ top: [(TokenID, Double)] = []) -> TokenLogprobs {
        TokenLogprobs(token: token, logprob: value, top: top.map { .init(token: $0, logprob: $1) })
    }

    private func completion(_ text: String, _ reason: FinishReason, _ logprobs: [TokenLogprobs] = []) -> Completion {
        var completion = Completion(seed: 1)
        (completion.text, completion.finishReason, completion.logprobs) = (text, reason, logprobs)
        completion.tokens = logprobs.map(\.token)
        return completion
    }

    private func result(_ completions: [Completion], prompt: Int = 9, generated: Int = 2) -> EngineResult {
        var result = EngineResult()
        result.completions = completions
        (result.usage.promptTokens, result.usage.cachedTokens, result.usage.generatedTokens) = (prompt, 4, generated)
        return result
    }

    private func response(_ endpoint: Endpoint, _ body: String, _ results: [EngineResult]) throws -> JSONValue {
        let value = try PreparedRequest(endpoint, body, model).response(to: results, stamp: stamp)
        #expect(try JSONValue(parsing: value.serialized, limit: 1 << 20) == value)
        _ = try JSONSerialization.jsonObject(with: Data(value.serialized))
        return value
    }

    private func chat(_ members: String, _ completions: [Completion]) throws -> JSONValue {
        try response(
            .chatCompletions, "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]\(members)}", [result(completions)]
        )
    }

    @Test func chatHasAllItsMembers() throws {
        #expect(
            try chat("", [completion("Hi", .endOfText)]).text
                == "{\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"logprobs\":null,\"message\":"
                + "{\"content\":\"Hi\",\"refusal\":null,\"role\":\"assistant\"}}],\"created\":1730000000,"
                + "\"id\":\"chatcmpl-7\",\"model\":\"org/gemma\",\"object\":\"chat.completion\",\"usage\":"
                + "{\"completion_tokens\":2,\"prompt_tokens\":9,\"total_tokens\":11}}")
    }

    @Test mutating func whatChangesFromRunToRunIsWrittenOnDemand() throws {
        stamp.showsCachedTokens = true
        stamp.fingerprint = "fp"
        let response = try chat("", [completion("", .stop)])
        #expect(response["usage"]?["prompt_tokens_details"] == ["cached_tokens": 4])
        #expect(response["usage"]?["completion_tokens_details"] == ["reasoning_tokens": 0])
        #expect(response["system_fingerprint"] == "fp")
    }

    @Test(arguments: [
        (FinishReason.endOfText, "stop"), (.stop, "stop"), (.length, "length"), (.contextFull, "length"),
    ])
    func finishReasonsHaveTwoNames(_ reason: FinishReason, name: String) throws {
        #expect(try chat("", [completion("", reason)])["choices"]?[0]?["finish_reason"] == .string(name))
    }

    @Test func whatWasCancelledIsAnError() throws {
        #expect {
            _ = try chat(",\"n\":2", [completion("a", .length), completion("b", .cancelled)])
        } throws: {
            ($0 as? APIError)?.status == 503
        }
    }

    @Test func choicesAreNumbered() throws {
        let choices = try chat(",\"n\":2", [completion("a", .length), completion("b", .length)])["choices"]
        #expect(choices?[1]?["index"] == 1 && choices?[1]?["message"]?["content"] == "b" && choices?[2] == nil)
    }

    @Test func chatLogprobsHaveBytesAndNoInfinities() throws {
        let entries = [
            logprobs(h, -0.25, [(h, -0.25), (split, -.infinity), (i, -3)]), logprobs(split, .nan),
            logprobs(endOfTurn, -1),
        ]
        let asked = try chat(",\"logprobs\":true,\"top_logprobs\":2", [completion("h\u{FFFD}", .endOfText, entries)])
        #expect(
            asked["choices"]?[0]?["logprobs"]?.text
                == "{\"content\":[{\"bytes\":[104],\"logprob\":-0.25,\"token\":\"h\",\"top_logprobs\":["
                + "{\"bytes\":[104],\"logprob\":-0.25,\"token\":\"h\"},"
                + "{\"bytes\":[226],\"logprob\":-9999.0,\"token\":\"\u{FFFD}\"}]},"
                + "{\"bytes\":[226],\"logprob\":-9999.0,\"token\":\"\u{FFFD}\",\"top_logprobs\":[]}],\"refusal\":null}")
        #expect(try chat("", [completion("h", .length, entries)])["choices"]?[0]?["logprobs"] == .null)
    }

    @Test func completionsHaveAllTheirMembers() throws {
        let results = [
            result([completion("a", .length), completion("b", .length)], generated: 4), result([], generated: 0),
        ]
        let response = try response(.completions, "{\"prompt\":[\"x\",\"y\"],\"n\":2}", results)
        #expect(response.names == ["id", "object", "created", "model", "choices", "usage"])
        #expect(response["object"] == "text_completion" && response["id"] == "cmpl-7")
        #expect(
            response["choices"]?.text
                == "[{\"finish_reason\":\"length\",\"index\":0,\"logprobs\":null,\"text\":\"a\"},"
                + "{\"finish_reason\":\"length\",\"index\":1,\"logprobs\":null,\"text\":\"b\"},"
                + "{\"finish_reason\":\"length\",\"index\":2,\"logprobs\":null,\"text\":\"\"},"
                + "{\"finish_reason\":\"length\",\"index\":3,\"logprobs\":null,\"text\":\"\"}]")
        #expect(response["usage"] == ["prompt_tokens": 18, "completion_tokens": 4, "total_tokens": 22])
    }

    @Test func echoPutsThePromptAndItsLogprobsFirst() throws {
        var echoed = result([completion("h", .length, [logprobs(h, -1, [(i, -0.5), (h, -1)])])])
        echoed.promptLogprobs = [nil, logprobs(i, -2, [(h, -0.5), (i, -2)])]
        let body = "{\"prompt\":\"i\",\"echo\":true,\"logprobs\":1,\"prompt_logprobs\":1}"
        let choice = try response(.completions, body, [echoed])["choices"]?[0]
        #expect(choice?["text"] == "ih")
        #expect(
            choice?["logprobs"]
                == [
                    "tokens": ["<bos>", "i", "h"], "token_logprobs": [nil, -2.0, -1.0],
                    "top_logprobs": [nil, ["h": -0.5, "i": -2.0], ["h": -1.0, "i": -0.5]], "text_offset": [0, 0, 1],
                ])
        #expect(
            choice?["prompt_logprobs"]?[1]?["\(h)"] == ["decoded_token": "h", "logprob": -0.5, "rank": 1])
        #expect(choice?["prompt_logprobs"]?[1]?["\(i)"] == ["decoded_token": "i", "logprob": -2.0, "rank": nil])
        #expect(choice?["prompt_logprobs"]?[0] == .null)

        let ids = try response(.completions, "{\"prompt\":[2,\(h)],\"echo\":true,\"max_tokens\":0}", [result([])])
        #expect(ids["choices"]?[0]?["text"] == "h" && ids["choices"]?[0]?["logprobs"] == .null)
    }

    @Test func tokensThatAreNoTextAreNamedByTheirBytes() throws {
        let results = [result([completion("\u{FFFD}", .length, [logprobs(split, -.infinity), logprobs(h, -1)])])]
        let logprobs = try response(.completions, "{\"prompt\":\"i\",\"logprobs\":0}", results)["choices"]?[0]?[
            "logprobs"]
        #expect(logprobs?["tokens"] == ["bytes:\\xe2", "h"] && logprobs?["text_offset"] == [0, 0])
        #expect(logprobs?["top_logprobs"] == [["bytes:\\xe2": -9999.0], ["h": -1.0]])
    }

    @Test func embeddingsAreFloatsOrBase64() throws {
        let vector: [Float] = [0.1, -1.5, 1e-20, 0]
        var embedded = result([], prompt: 5)
        embedded.embedding = vector
        let floats = try response(.embeddings, "{\"input\":[\"a\",\"b\"]}", [embedded, embedded])
        #expect(floats.names == ["object", "data", "model", "usage"] && floats["object"] == "list")
        #expect(floats["data"]?[1]?.text == "{\"embedding\":[0.1,-1.5,1e-20,0.0],\"index\":1,\"object\":\"embedding\"}")
        #expect(floats["usage"] == ["prompt_tokens": 10, "total_tokens": 10])

        let base64 = try response(.embeddings, "{\"input\":\"a\",\"encoding_format\":\"base64\"}", [embedded])
        let bytes = try #require(base64["data"]?[0]?["embedding"]?.string.flatMap { Data(base64Encoded: $0) })
        let read = stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
        #expect(read == vector)

        embedded.embedding = [.nan]
        #expect(throws: APIError.self) { try response(.embeddings, "{\"input\":\"a\"}", [embedded]) }
    }

    @Test func aMissingResultIsAnErrorAndNoTrap() {
        #expect(throws: APIError.self) { try response(.completions, "{\"prompt\":\"i\"}", []) }
    }
}
