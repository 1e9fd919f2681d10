import JSON
import TestSupport
import Testing

extension LoneTests {
    /// Answers that are held to a form, with weights that by themselves write nothing like it.
    @Suite struct ResponseFormatTests {
        private static let schema = """
            {"type":"object","properties":{"name":{"type":"string","maxLength":8},"kind":{"enum":["cat","dog"]},\
            "age":{"type":"integer","minimum":0,"maximum":99}},"required":["name","kind","age"],\
            "additionalProperties":false}
            """
        private static func body(_ format: String, _ more: String = "") -> String {
            #"{"prompt":"It was","max_tokens":300,"temperature":1,"response_format":\#(format)\#(more)}"#
        }

        @Test func answersFollowTheSchema() async throws {
            let server = try await TestServer.shared.value
            for seed in 0..<6 {
                let answer = try await server.post(
                    "/v1/completions",
                    Self.body(
                        #"{"type":"json_schema","json_schema":{"name":"pet","strict":true,"schema":\#(Self.schema)}}"#,
                        #","seed":\#(seed)"#))
                let choice = try #require(answer.json["choices"]?[0], "\(answer.text)")
                #expect(choice["finish_reason"]?.string == "stop")
                let value = try JSONValue(parsing: Array((choice["text"]?.string ?? "").utf8), limit: .max)
                #expect((value["name"]?.string ?? "123456789").count <= 8)
                #expect(["cat", "dog"].contains(value["kind"]?.string))
                #expect((0...99).contains(value["age"]?.wholeNumber ?? -1))
            }
        }

        @Test func alsoInPiecesAndInConversations() async throws {
            let server = try await TestServer.shared.value
            let format =
                #"{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":3}}}"#
            let answer = try await server.post(
                "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"a"}],"max_tokens":100,"stream":true,"response_format":\#(format)}"#
            )
            let text = answer.events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.string }.joined()
            guard case .array(let items) = try JSONValue(parsing: Array(text.utf8), limit: .max) else {
                return #expect(Bool(false), "\(text)")
            }
            #expect((2...3).contains(items.count))
            let llama = try await server.post(
                "/completion", #"{"prompt":"a","n_predict":50,"json_schema":{"const":"yes"}}"#)
            #expect(llama.json["content"]?.string == #""yes""#, "\(llama.text)")
        }

        @Test(arguments: [
            (#"{"type":"poem"}"#, "response_format.type", "poem"),
            (#"{}"#, "response_format.type", "missing"),
            (#"{"type":"json_schema"}"#, "response_format.json_schema", "missing"),
            (#"{"type":"json_schema","json_schema":{"name":"x"}}"#, "response_format.json_schema.schema", "missing"),
            (schemaFormat(#"{"type":"string","pattern":"^a+$"}"#), "response_format.json_schema.schema", "pattern"),
            (
                schemaFormat(#"{"properties":{"a":{"oneOf":[]}}}"#), "response_format.json_schema.schema",
                "/properties/a"
            ),
            (schemaFormat(#"{"$ref":"http://example.org/x"}"#), "response_format.json_schema.schema", "$ref"),
            (schemaFormat(##"{"$ref":"#"}"##), "response_format.json_schema.schema", "allows nothing"),
            (
                schemaFormat(#"{"type":"array","minItems":1000000000}"#), "response_format.json_schema.schema",
                "minItems"
            ),
            (schemaFormat("false"), "response_format.json_schema.schema", "schema"),
        ])
        func whatIsNotUnderstoodIsNamed(_ format: String, _ param: String, _ part: String) async throws {
            let answer = try await TestServer.shared.value.post("/v1/completions", Self.body(format))
            #expect(answer.status == 400)
            expectError(answer, type: "invalid_request_error")
            #expect(answer.error["param"]?.string == param)
            #expect(answer.error["message"]?.string?.contains(part) == true, "\(answer.text)")
        }
    }
}

private func schemaFormat(_ schema: String) -> String {
    #"{"type":"json_schema","json_schema":{"name":"x","schema":\#(schema)}}"#
}
