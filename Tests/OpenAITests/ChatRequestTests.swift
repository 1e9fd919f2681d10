import Engine
import JSON
import OpenAI
import Testing
import Tokenizer

@Suite struct ChatRequestTests {
    private let hi = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

    private func prepared(_ members: String) throws -> PreparedRequest {
        try PreparedRequest(.chatCompletions, "{\(hi),\(members)}", try SampleModel.chat())
    }

    @Test func defaultsAreThoseOfTheAPI() throws {
        let request = try prepared(
            "\"unknown\":{\"x\":1},\"user\":\"me\",\"stop\":null,\"tools\":[],\"temperature\":null")
        let options = try #require(request.options)
        #expect(request.count == 1 && request.stream == nil && request.requests.count == 1)
        #expect(options.maxTokens == nil && options.logprobs == nil && options.promptLogprobs == nil)
        var expected = SamplingOptions()
        (expected.temperature, expected.topK, expected.topP, expected.minP) = (1, 0, 1, 0)
        (expected.typicalP, expected.repeatLastN) = (1, -1)
        #expect(options.sampling == expected && options.stop.isEmpty && !options.ignoreEndOfText)
        #expect(request.requests[0].usesCache)
    }

    @Test func everythingIsPassedOn() throws {
        let request = try prepared(
            """
            "max_completion_tokens":7,"max_tokens":7,"temperature":0,"top_p":0.5,"top_k":40,"min_p":0.1,
            "typical_p":0.9,"repetition_penalty":1.1,"presence_penalty":-2,"frequency_penalty":2,
            "repeat_last_n":5,"seed":-1,"n":2.0,"stop":["a","b"],"logprobs":true,"top_logprobs":20,
            "logit_bias":{"7":-100,"8":5},"ignore_eos":true,"prompt_logprobs":3,"cache_prompt":false,
            "stream":true,"stream_options":{"include_usage":true},"tool_choice":"auto","response_format":{"type":"text"}
            """)
        let options = try #require(request.options)
        #expect(options.maxTokens == 7 && request.count == 2 && options.stop == ["a", "b"])
        #expect(options.logprobs == 20 && options.promptLogprobs == 3 && options.ignoreEndOfText)
        let sampling = options.sampling
        #expect(sampling.temperature == 0 && sampling.topP == 0.5 && sampling.topK == 40 && sampling.minP == 0.1)
        #expect(sampling.typicalP == 0.9 && sampling.repeatPenalty == 1.1 && sampling.repeatLastN == 5)
        #expect(sampling.presencePenalty == -2 && sampling.frequencyPenalty == 2 && sampling.seed == .max)
        #expect(sampling.logitBias == [7: -.infinity, 8: 5])
        #expect(request.stream?.includesUsage == true && !request.requests[0].usesCache)
        try sampling.validate(vocabularyCount: try SampleModel.chat().tokenizer.vocabulary.count)
    }

    @Test(arguments: [
        ("\"max_tokens\":0", "max_tokens"), ("\"max_tokens\":-1", "max_tokens"),
        ("\"max_tokens\":2147483648", "max_tokens"), ("\"max_tokens\":\"5\"", "max_tokens"),
        ("\"max_tokens\":true", "max_tokens"), ("\"max_tokens\":1.5", "max_tokens"),
        ("\"max_tokens\":9223372036854775808", "max_tokens"), ("\"max_tokens\":1e300", "max_tokens"),
        ("\"max_tokens\":5,\"max_completion_tokens\":6", "max_completion_tokens"),
        ("\"temperature\":-1", "temperature"), ("\"temperature\":1e9", "temperature"),
        ("\"temperature\":\"0\"", "temperature"), ("\"top_p\":1.1", "top_p"), ("\"top_p\":-0.1", "top_p"),
        ("\"top_k\":-2", "top_k"), ("\"min_p\":2", "min_p"), ("\"typical_p\":-1", "typical_p"),
        ("\"repeat_penalty\":0", "repeat_penalty"), ("\"repetition_penalty\":1000", "repetition_penalty"),
        ("\"repeat_penalty\":1.1,\"repetition_penalty\":1.2", "repeat_penalty"),
        ("\"repeat_last_n\":-2", "repeat_last_n"), ("\"presence_penalty\":3", "presence_penalty"),
        ("\"frequency_penalty\":-3", "frequency_penalty"),
        ("\"n\":0", "n"), ("\"n\":17", "n"), ("\"n\":1000000", "n"), ("\"n\":[]", "n"),
        ("\"stop\":\"\"", "stop"), ("\"stop\":[\"\"]", "stop"), ("\"stop\":[1]", "stop"), ("\"stop\":{}", "stop"),
        ("\"stop\":[\(String(repeating: "\"a\",", count: 16))\"a\"]", "stop"),
        ("\"stop\":\"\(String(repeating: "a", count: 100_000))\"", "stop"),
        ("\"seed\":18446744073709551616", "seed"), ("\"seed\":\"1\"", "seed"),
        ("\"logit_bias\":{\"100000\":1}", "logit_bias"), ("\"logit_bias\":{\"-1\":1}", "logit_bias"),
        ("\"logit_bias\":{\"abc\":1}", "logit_bias"), ("\"logit_bias\":{\"7\":101}", "logit_bias.7"),
        ("\"logit_bias\":{\"7\":-101}", "logit_bias.7"), ("\"logit_bias\":{\"7\":\"x\"}", "logit_bias.7"),
        ("\"logit_bias\":[[7,1]]", "logit_bias"), ("\"logprobs\":5", "logprobs"),
        ("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs"), ("\"top_logprobs\":5", "top_logprobs"),
        ("\"logprobs\":true,\"top_logprobs\":-1", "top_logprobs"), ("\"prompt_logprobs\":-1", "prompt_logprobs"),
        ("\"prompt_logprobs\":true", "prompt_logprobs"), ("\"stream\":\"true\"", "stream"),
        ("\"stream_options\":{\"include_usage\":true}", "stream_options"),
        ("\"stream\":true,\"stream_options\":{\"include_usage\":1}", "stream_options.include_usage"),
        ("\"ignore_eos\":1", "ignore_eos"), ("\"cache_prompt\":\"x\"", "cache_prompt"), ("\"model\":5", "model"),
    ])
    func badValuesNameTheirParameter(_ members: String, param: String) throws {
        let error = try #require(refusal(.chatCompletions, "{\(hi),\(members)}", try SampleModel.chat()))
        #expect(error.status == 400 && error.type == "invalid_request_error" && error.param == param)
        #expect(error.message.utf8.count < 400)
    }

    @Test(arguments: [
        ("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools"), ("\"tools\":{}", "tools"),
        ("\"tool_choice\":\"required\"", "tool_choice"), ("\"functions\":[{\"name\":\"f\"}]", "functions"),
        (
            "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\"}}",
            "response_format.json_schema.schema"
        ),
        ("\"response_format\":\"text\"", "response_format"), ("\"modalities\":[\"text\",\"audio\"]", "modalities"),
        ("\"audio\":{\"voice\":\"a\"}", "audio"), ("\"prediction\":{}", "prediction"),
        ("\"reasoning_effort\":\"high\"", "reasoning_effort"), ("\"store\":true", "store"),
        ("\"grammar\":\"root ::= x\"", "grammar"), ("\"guided_json\":{}", "guided_json"),
        ("\"best_of\":2", "best_of"), ("\"echo\":true", "echo"), ("\"n_predict\":5", "n_predict"),
        ("\"min_tokens\":3", "min_tokens"), ("\"mirostat\":2", "mirostat"),
        ("\"continue_final_message\":true", "continue_final_message"),
        ("\"chat_template\":\"{{ x }}\"", "chat_template"), ("\"skip_special_tokens\":false", "skip_special_tokens"),
    ])
    func whatIsNotSupportedIsRefusedByName(_ members: String, param: String) throws {
        let error = try #require(refusal(.chatCompletions, "{\(hi),\(members)}", try SampleModel.chat()))
        #expect(error.status == 400 && error.param == param && error.message.contains("`\(param)`"))
    }

    @Test func whatAsksForNothingIsLetThrough() throws {
        _ = try prepared(
            """
            "tools":[],"functions":null,"best_of":1,"echo":false,"mirostat":0.0,"xtc_probability":0,"min_tokens":0,
            "modalities":["text"],"store":false,"length_penalty":1.0,"stop_token_ids":[],"chat_template_kwargs":{}
            """)
    }
}
