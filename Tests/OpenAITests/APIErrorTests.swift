import Engine
import JSON
import OpenAI
import Testing

@Suite struct APIErrorTests {
    @Test func bodiesHaveAllFourMembers() {
        #expect(
            APIError.invalid("no").body.text
                == "{\"error\":{\"code\":null,\"message\":\"no\",\"param\":null,\"type\":\"invalid_request_error\"}}")
        let error = APIError.contextLengthExceeded(tokens: 9, context: 5, param: "prompt").body["error"]
        #expect(error?.names == ["message", "type", "param", "code", "n_prompt_tokens", "n_ctx"])
    }

    @Test(
        arguments: [
            (EngineError.promptTooLong(tokens: 9, context: 5), 400, "context_length_exceeded", "prompt"),
            (.emptyPrompt, 400, nil, "prompt"), (.tokenOutOfRange(id: 9, vocabulary: 5), 400, nil, "prompt"),
            (.option(name: "top-p", value: "2", allowed: "0 to 1"), 400, nil, "top_p"),
            (.roleOutOfTurn(message: 2, role: .user, expected: .assistant), 400, nil, "messages[2].role"),
            (.noUserMessage, 400, nil, "messages"), (.noChatTemplate(model: "m"), 400, nil, "messages"),
            (.notANumber(position: 3), 500, nil, nil), (.memory(needed: 1, available: 0, context: 5), 503, nil, nil),
            (.modelFileChanged(path: "m"), 503, nil, nil), (.cancelled, 503, nil, nil),
        ] as [(EngineError, Int, String?, String?)])
    func engineErrorsHaveAStatus(_ error: EngineError, status: Int, code: String?, param: String?) {
        let mapped = APIError(error, param: "prompt")
        #expect(mapped.status == status && mapped.code == code && mapped.param == param)
        #expect(mapped.message.first?.isUppercase == true || mapped.message.hasPrefix("m "))
        #expect(mapped.message.hasSuffix("."))
    }

    @Test func typesAreThoseThatClientsKnow() {
        #expect(APIError.rateLimited("x").type == "rate_limit_error" && APIError.rateLimited("x").status == 429)
        #expect(APIError.server("x").type == "server_error" && APIError.server("x").status == 500)
        #expect(APIError.unavailable("x").type == "service_unavailable" && APIError.unavailable("x").status == 503)
        #expect(APIError.bodyTooLarge(limit: 5).status == 413)
    }
}
