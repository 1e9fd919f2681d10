import JSON
import TestSupport
import Testing

/// Every bad body is answered by name, before anything is computed.
@Suite struct BadBodyTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let path: String
        let body: [UInt8]
        var status = 400
        var param: String?
        var code: String?

        var testDescription: String { name }

        init(
            _ name: String, _ path: String, _ body: String, _ status: Int = 400, param: String? = nil,
            code: String? = nil
        ) {
            self.init(name, path, bytes: Array(body.utf8), status, param: param, code: code)
        }

        init(
            _ name: String, _ path: String, bytes: [UInt8], _ status: Int = 400, param: String? = nil,
            code: String? = nil
        ) {
            (self.name, self.path, body, self.status) = (name, path, bytes, status)
            (self.param, self.code) = (param, code)
        }

        /// A completion with one more member.
        static func text(_ member: String, _ status: Int = 400, param: String? = nil, code: String? = nil) -> Case {
            Case(
                short(member), "/v1/completions", #"{"prompt":"a",\#(member)\#(limit(member))}"#, status, param: param,
                code: code)
        }

        /// A conversation with one more member.
        static func chat(_ member: String, param: String? = nil, code: String? = nil) -> Case {
            Case(
                "chat " + short(member), "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"a"}],"max_tokens":1,\#(member)}"#, param: param, code: code)
        }

        static func messages(_ messages: String, param: String? = nil) -> Case {
            Case(
                "messages " + short(messages), "/v1/chat/completions", #"{"messages":\#(messages),"max_tokens":1}"#,
                param: param)
        }

        static func embed(_ body: String, param: String? = nil) -> Case {
            Case("embed " + short(body), "/v1/embeddings", body, param: param)
        }

        /// Names may not stand twice.
        private static func limit(_ member: String) -> String {
            member.hasPrefix(#""max_tokens""#) ? "" : #","max_tokens":1"#
        }

        private static func short(_ text: String) -> String { text.count > 60 ? text.prefix(57) + "..." : text }
    }

    static let texts: [Case] = [
        Case("nothing", "/v1/completions", ""),
        Case("null", "/v1/completions", "null"),
        Case("an array", "/v1/completions", "[]"),
        Case("a string", "/v1/completions", #""x""#),
        Case("half an object", "/v1/completions", "{"),
        Case("bytes behind it", "/v1/completions", #"{"prompt":"a"} x"#),
        Case("UTF-16", "/v1/completions", bytes: [0xFF, 0xFE, 0x7B, 0, 0x7D, 0]),
        Case("no UTF-8", "/v1/completions", bytes: Array(#"{"prompt":""#.utf8) + [0xFF] + Array(#""}"#.utf8)),
        Case("a raw NUL", "/v1/completions", "{\"prompt\":\"a\u{0}\"}"),
        Case("a byte order mark", "/v1/completions", "\u{FEFF}{\"prompt\":\"a\",\"max_tokens\":1}"),
        Case("twice the same name", "/v1/completions", #"{"prompt":"a","max_tokens":1,"max_tokens":2}"#),
        Case("nested 65 deep", "/v1/completions", nested(65)),
        Case("nested 513 deep", "/v1/completions", nested(513)),
        Case("nested 100,000 deep", "/v1/completions", nested(100_000)),
        Case("1e400", "/v1/completions", #"{"prompt":"a","temperature":1e400}"#),
        Case("NaN", "/v1/completions", #"{"prompt":"a","temperature":NaN}"#),
        Case("no prompt", "/v1/completions", "{}", param: "prompt"),
        Case("a prompt of 3", "/v1/completions", #"{"prompt":3}"#, param: "prompt"),
        Case("no prompts", "/v1/completions", #"{"prompt":[]}"#, param: "prompt"),
        Case("a mixture", "/v1/completions", #"{"prompt":["a",1]}"#),
        Case("no such token", "/v1/completions", #"{"prompt":[1000000000]}"#),
        Case("a negative token", "/v1/completions", #"{"prompt":[-1]}"#),
        Case("half a token", "/v1/completions", #"{"prompt":[1.5]}"#),
        Case(
            "longer than the context", "/v1/completions", #"{"prompt":"\#(String(repeating: "sea ", count: 5000))"}"#,
            code: "context_length_exceeded"),
        Case(
            "longer than the context, streamed", "/v1/completions",
            #"{"stream":true,"prompt":"\#(String(repeating: "sea ", count: 5000))"}"#, code: "context_length_exceeded"),
        .text(#""max_tokens":2147483648"#, param: "max_tokens"), .text(#""max_tokens":-1"#, param: "max_tokens"),
        .text(#""max_tokens":"5""#, param: "max_tokens"),
        .text(#""max_tokens":true"#, param: "max_tokens"),
        .text(#""max_tokens":9223372036854775808"#, param: "max_tokens"),
        .text(#""temperature":-1"#, param: "temperature"), .text(#""temperature":1000000000"#, param: "temperature"),
        .text(#""temperature":"hot""#, param: "temperature"), .text(#""top_p":1.1"#, param: "top_p"),
        .text(#""n":0"#, param: "n"), .text(#""n":1000000"#, param: "n"), .text(#""n":true"#, param: "n"),
        .text(#""best_of":1000"#), .text(#""stop":"""#, param: "stop"), .text(#""stop":[""]"#, param: "stop"),
        .text(#""stop":["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q"]"#, param: "stop"),
        .text(#""stop":"\#(String(repeating: "a", count: 1 << 20))""#, param: "stop"),
        .text(#""stop":[1]"#, param: "stop"),
        .text(#""seed":"x""#, param: "seed"), .text(#""seed":1.5"#, param: "seed"),
        .text(#""logit_bias":{"1000000":1}"#, param: "logit_bias"), .text(#""logit_bias":{"5":101}"#),
        .text(#""logit_bias":{"abc":1}"#, param: "logit_bias"), .text(#""logit_bias":[1]"#, param: "logit_bias"),
        .text(#""logprobs":21"#, param: "logprobs"), .text(#""logprobs":"x""#, param: "logprobs"),
        .text(#""stream":"true""#, param: "stream"),
        .text(#""stream_options":{"include_usage":true}"#, param: "stream_options"),
        .text(#""presence_penalty":3"#, param: "presence_penalty"),
        .text(#""frequency_penalty":-3"#, param: "frequency_penalty"),
        .text(#""echo":1"#, param: "echo"), .text(#""priority":5000"#, param: "priority"),
        .text(#""model":7"#, param: "model"),
        Case("llama-server's own", "/completion", #"{"prompt":"a","n_predict":"x"}"#, param: "n_predict"),
        Case("no prompt of llama-server's", "/completion", "{}", param: "prompt"),
    ]

    static let conversations: [Case] = [
        Case("no messages", "/v1/chat/completions", "{}", param: "messages"),
        .messages("null", param: "messages"), .messages(#""hello""#, param: "messages"),
        .messages("[]", param: "messages"),
        .messages("[123]"), .messages("[{}]"), .messages(#"[{"role":123,"content":"a"}]"#),
        .messages(#"[{"role":"wizard","content":"a"}]"#), .messages(#"[{"content":"a"}]"#),
        .messages(#"[{"role":"user"}]"#), .messages(#"[{"role":"user","content":123}]"#),
        .messages(#"[{"role":"user","content":null}]"#), .messages(#"[{"role":"user","content":[]}]"#),
        .messages(#"[{"role":"user","content":[{"type":"smell"}]}]"#),
        .messages(#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x/y.png"}}]}]"#),
        .messages(#"[{"role":"tool","content":"a"}]"#),
        .messages(#"[{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}]"#),
        .chat(#""logprobs":3"#, param: "logprobs"), .chat(#""top_logprobs":21,"logprobs":true"#, param: "top_logprobs"),
        .chat(#""top_logprobs":2"#, param: "top_logprobs"),
        .chat(#""max_completion_tokens":0"#, param: "max_completion_tokens"),
        .chat(#""tools":[{"type":"function"}]"#, param: "tools"),
        .chat(#""tool_choice":"required""#, param: "tool_choice"),
        .chat(#""response_format":{"type":"poem"}"#), .chat(#""response_format":7"#, param: "response_format"),
        .chat(#""n":17"#, param: "n"), .chat(#""modalities":["audio"]"#),
    ]

    static let others: [Case] = [
        .embed("{}", param: "input"), .embed(#"{"input":""}"#), .embed(#"{"input":[]}"#, param: "input"),
        .embed(#"{"input":[""]}"#),
        .embed(#"{"input":[\#(Array(repeating: "\"a\"", count: 2049).joined(separator: ","))]}"#, param: "input"),
        .embed(#"{"input":[[999999999]]}"#), .embed(#"{"input":"a","encoding_format":"x"}"#, param: "encoding_format"),
        .embed(#"{"input":"a","dimensions":5}"#, param: "dimensions"),
        Case("content of 3", "/tokenize", #"{"content":3}"#, param: "content"), Case("no content", "/tokenize", "{}"),
        Case("half an object again", "/tokenize", "{"), Case("half an object to turn", "/apply-template", "{"),
        Case("no such token again", "/detokenize", #"{"tokens":[99999999]}"#), Case("no tokens", "/detokenize", "{}"),
        Case("no messages to turn", "/apply-template", "{}", param: "messages"),
        Case("nothing to score", "/v1/score", "{}"),
    ]

    @Test(arguments: texts + conversations + others) func isRefusedByName(_ bad: Case) async throws {
        let server = try await TestServer.shared.value
        let connection = try await server.connect()
        let head = """
            POST \(bad.path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \
            \(bad.body.count)\r\nConnection: close\r\n\r\n
            """
        await connection.write(Array(head.utf8) + bad.body)
        let answer = try await connection.answer()
        #expect(answer.status == bad.status, "\(answer.text.prefix(300))")
        #expect(answer.headers["content-type"] == "application/json; charset=utf-8")
        expectError(answer, type: "invalid_request_error", code: bad.code)
        if let param = bad.param { #expect(answer.error["param"]?.string == param, "\(answer.text.prefix(300))") }
    }

    /// What looks odd and is allowed.
    static let good: [Case] = [
        .text(#""max_tokens":0"#, 200), .text(#""n":2"#, 200), .text(#""temperature":null"#, 200),
        .text(#""temperature":0"#, 200),
        .text(#""max_tokens":1e0"#, 200), .text(#""top_p":0"#, 200), .text(#""seed":-1"#, 200),
        .text(#""stop":null"#, 200),
        .text(#""unknown_field":{"a":[1]}"#, 200), .text(#""user":"somebody""#, 200), .text(#""logprobs":0"#, 200),
        .text(#""model":"anything""#, 200),
        Case("several prompts of tokens", "/v1/completions", #"{"prompt":[[300],[301,302]],"max_tokens":1}"#, 200),
    ]

    @Test(arguments: good) func isAllowed(_ good: Case) async throws {
        let answer = try await TestServer.shared.value.post(good.path, String(decoding: good.body, as: UTF8.self))
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
    }

    private static func nested(_ depth: Int) -> String {
        #"{"prompt":"a","x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
}
