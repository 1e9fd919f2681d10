import Engine
import JSON
import OpenAI
import Testing
import Tokenizer

@Suite struct CompletionRequestTests {
    @Test func promptsComeInFourShapes() throws {
        let model = try SampleModel.base()
        func prompts(_ value: String) throws -> [[TokenID]] {
            try PreparedRequest(.completions, "{\"prompt\":\(value)}", model).requests.map(\.prompt)
        }
        let sea = model.tokenizer.encode("The sea")
        #expect(try prompts("\"The sea\"") == [sea])
        #expect(try prompts("[\"The sea\",\"\"]") == [sea, [2]])
        #expect(try prompts("[2, 7, 8.0]") == [[2, 7, 8]])
        #expect(try prompts("[[7],[8,9]]") == [[7], [8, 9]])
        #expect(try prompts("\"<eos><bos>\"")[0].filter { model.tokenizer.vocabulary.kind($0) == .control } == [2])
    }

    @Test func defaultsAreThoseOfTheAPI() throws {
        let request = try PreparedRequest(.completions, "{\"prompt\":\"x\",\"suffix\":null}", try SampleModel.base())
        let options = try #require(request.options)
        #expect(options.maxTokens == 16 && options.logprobs == nil && options.promptLogprobs == nil)
        #expect(options.sampling.temperature == 1 && options.sampling.repeatLastN == -1)
    }

    @Test func echoWithLogprobsAsksForThePrompts() throws {
        let model = try SampleModel.base()
        func options(_ members: String) throws -> GenerationOptions? {
            try PreparedRequest(.completions, "{\"prompt\":\"x\",\"max_tokens\":0,\(members)}", model).options
        }
        let echo = try #require(try options("\"echo\":true,\"logprobs\":5"))
        #expect(echo.maxTokens == 0 && echo.logprobs == 5 && echo.promptLogprobs == 5)
        #expect(try options("\"logprobs\":0")?.promptLogprobs == nil)
        #expect(try options("\"echo\":true")?.promptLogprobs == nil)
        #expect(try options("\"echo\":true,\"logprobs\":1,\"prompt_logprobs\":3")?.promptLogprobs == 3)
    }

    @Test(arguments: [
        ("", "prompt"), ("\"prompt\":null", "prompt"), ("\"prompt\":5", "prompt"), ("\"prompt\":{}", "prompt"),
        ("\"prompt\":[]", "prompt"), ("\"prompt\":[[]]", "prompt[0]"), ("\"prompt\":[null]", "prompt[0]"),
        ("\"prompt\":[\"a\",1]", "prompt[1]"), ("\"prompt\":[1,\"a\"]", "prompt[1]"),
        ("\"prompt\":[\"a\",[1]]", "prompt[1]"), ("\"prompt\":[[1],2]", "prompt[1]"),
        ("\"prompt\":[[1],[2,true]]", "prompt[1][1]"), ("\"prompt\":[100000]", "prompt[0]"),
        ("\"prompt\":[5,-1]", "prompt[1]"), ("\"prompt\":[1.5]", "prompt[0]"), ("\"prompt\":[1e300]", "prompt[0]"),
        ("\"prompt\":[\"a\"\(String(repeating: ",\"a\"", count: 2048))]", "prompt"),
        ("\"prompt\":\"a\",\"logprobs\":true", "logprobs"), ("\"prompt\":\"a\",\"logprobs\":21", "logprobs"),
        ("\"prompt\":\"a\",\"echo\":1", "echo"), ("\"prompt\":\"a\",\"suffix\":\"b\"", "suffix"),
        ("\"prompt\":\"a\",\"best_of\":2", "best_of"), ("\"prompt\":\"a\",\"max_tokens\":-1", "max_tokens"),
    ])
    func badBodiesNameTheirParameter(_ members: String, param: String) throws {
        let error = try #require(refusal(.completions, "{\(members)}", try SampleModel.base()))
        #expect(error.status == 400 && error.type == "invalid_request_error" && error.param == param)
    }

    @Test(arguments: ["", "null", "[]", "\"x\"", "{", "{}x", "5"])
    func whatIsNoObjectIsRefused(_ body: String) throws {
        for endpoint in Endpoint.allCases {
            let error = try #require(refusal(endpoint, body, try SampleModel.base()))
            #expect(error.status == 400 && error.param == nil)
        }
    }

    @Test func promptsThatDoNotFitAreNamed() throws {
        let model = try SampleModel.base(context: 4)
        #expect(refusal(.completions, "{\"prompt\":[2,7,8,9]}", model) == nil)
        let one = try #require(refusal(.completions, "{\"prompt\":[2,7,8,9,10]}", model))
        #expect(one.code == "context_length_exceeded" && one.param == "prompt")
        #expect(one.details == ["n_prompt_tokens": 5, "n_ctx": 4])
        #expect(refusal(.completions, "{\"prompt\":[[2],[2,7,8,9,10]]}", model)?.param == "prompt[1]")
    }

    @Test func modelNamesAreChecked() throws {
        let model = try SampleModel.chat(names: SampleModel.names)
        func fault(_ name: String) -> APIError? {
            refusal(.completions, "{\"prompt\":\"x\"\(name.isEmpty ? "" : ",\"model\":\(name)")}", model)
        }
        #expect(fault("\"gemma\"") == nil && fault("\"org/gemma\"") == nil)
        let unknown = try #require(fault("\"gpt\""))
        #expect(unknown.status == 404 && unknown.code == "model_not_found" && unknown.param == "model")
        #expect(unknown.message.contains("`gpt`") && unknown.message.contains("`org/gemma`"))
        #expect(fault("")?.status == 400 && fault("")?.param == "model" && fault("7")?.param == "model")
        #expect(fault("\"a\\u001b[2J\"")?.message.contains("\u{1B}") == false)
        #expect((fault("\"\(String(repeating: "x", count: 10_000))\"")?.message.utf8.count ?? .max) < 200)
    }

    @Test(arguments: [
        ("", "input"), ("\"input\":\"\"", "input"), ("\"input\":[]", "input"), ("\"input\":[\"\"]", "input"),
        ("\"input\":[\"a\",\"\"]", "input[1]"), ("\"input\":[[]]", "input[0]"), ("\"input\":7", "input"),
        ("\"input\":[100000]", "input[0]"), ("\"input\":[\"a\"\(String(repeating: ",\"a\"", count: 2048))]", "input"),
        ("\"input\":\"a\",\"encoding_format\":\"x\"", "encoding_format"),
        ("\"input\":\"a\",\"encoding_format\":1", "encoding_format"),
        ("\"input\":\"a\",\"dimensions\":8", "dimensions"),
    ])
    func badEmbeddingInputsAreNamed(_ members: String, param: String) throws {
        let error = try #require(refusal(.embeddings, "{\(members)}", try SampleModel.base()))
        #expect(error.status == 400 && error.param == param)
    }

    @Test func embeddingInputsBecomeRequests() throws {
        let model = try SampleModel.base()
        let request = try PreparedRequest(.embeddings, "{\"input\":[\"The sea\",\"x\"]}", model)
        #expect(request.requests.map(\.prompt) == [model.tokenizer.encode("The sea"), model.tokenizer.encode("x")])
        #expect(request.requests[0].task == .embed(EmbeddingOptions()))
        #expect(try PreparedRequest(.embeddings, "{\"input\":[2,7]}", model).requests.map(\.prompt) == [[2, 7]])
    }
}
