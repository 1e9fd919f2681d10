import Server
import Testing

@Suite struct MultipartTests {
    struct Form: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: String
        /// "name|filename|content" for each part; an error's case where that is expected.
        let outcome: Result<[String], MultipartError>

        init(_ name: String, _ body: String, _ parts: [String]) {
            (testDescription, self.body, outcome) = (name, body, .success(parts))
        }

        init(_ name: String, _ body: String, _ error: MultipartError) {
            (testDescription, self.body, outcome) = (name, body, .failure(error))
        }
    }

    private static func head(_ name: String, _ more: String = "") -> String {
        "Content-Disposition: form-data; name=\"\(name)\"\(more)\r\n\r\n"
    }

    private static let file = head("file", "; filename=\"a.jsonl\"")

    static let forms = [
        Form(
            "two parts", "--b\r\n\(head("purpose"))batch\r\n--b\r\n\(file){}\r\n{}\r\n\r\n--b--\r\n",
            ["purpose|-|batch", "file|a.jsonl|{}\r\n{}\r\n"]),
        Form("no line's end behind the last boundary", "--b\r\n\(file)x\r\n--b--", ["file|a.jsonl|x"]),
        Form("empty file", "--b\r\n\(file)\r\n--b--\r\n", ["file|a.jsonl|"]),
        Form("preamble and epilogue", "Hello\r\n--b\r\n\(file)x\r\n--b--\r\nBye --b\r\n", ["file|a.jsonl|x"]),
        Form("no parts", "--b--\r\n", []),
        Form(
            "what looks like a boundary", "--b\r\n\(file)\r\n--\r\n-b\r--b\n--b\r\n--a--b\r\r\n--b--\r\n",
            ["file|a.jsonl|\r\n--\r\n-b\r--b\n--b\r\n--a--b\r"]),
        Form(
            "several files", "--b\r\n\(file)1\r\n--b\r\n\(file)2\r\n--b--\r\n", ["file|a.jsonl|1", "file|a.jsonl|2"]),
        Form(
            "quotes and semicolons in a filename",
            "--b\r\n\(head("file", "; filename=\"a\\\"; name=x\\\\.jsonl\""))x\r\n--b--\r\n",
            ["file|a\"; name=x\\.jsonl|x"]),
        Form(
            "other headers, spelled in other ways",
            "--b \t\r\nContent-Type: text/plain\r\ncontent-disposition:form-data;filename=a;NAME=file\r\n\r\nx\r\n--b--\r\n",
            ["file|a|x"]),
        Form("no final boundary", "--b\r\n\(file)x", .cutOff),
        Form("cut in a head", "--b\r\nContent-Dis", .cutOff),
        Form("cut in the last boundary", "--b\r\n\(file)x\r\n--b-", .cutOff),
        Form("empty body", "", .noBoundary),
        Form("another boundary", "--c\r\n\(file)x\r\n--c--\r\n", .noBoundary),
        Form("lines that end in LF", "--b\nContent-Disposition: form-data; name=\"file\"\n\nx\n--b--\n", .badBoundary),
        Form("text behind a boundary", "--bcd\r\n\(file)x\r\n--b--\r\n", .badBoundary),
        Form("endless preamble", String(repeating: "x", count: 9000), .noBoundary),
        Form(
            "no name", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
            .badHead("has no name in its Content-Disposition")),
        Form(
            "no disposition", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--",
            .badHead("has no Content-Disposition")),
        Form("no headers", "--b\r\n\r\nx\r\n--b--", .badHead("has no headers")),
        Form("a header without a colon", "--b\r\nHello\r\n\r\nx\r\n--b--", .badHead("has a header without a colon")),
        Form(
            "encoded", "--b\r\nContent-Transfer-Encoding: base64\r\n\(file)x\r\n--b--",
            .badHead("has a Content-Transfer-Encoding; send it as it is")),
        Form("giant head", "--b\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n", .longHead(limit: 16 << 10)),
        Form(
            "endless head", "--b\r\nX: \(String(repeating: "x", count: 20_000))", .longHead(limit: 16 << 10)),
        Form(
            "many parts", String(repeating: "--b\r\n\(head("x"))\r\n", count: 70) + "--b--", .tooManyParts(limit: 64)),
    ]

    /// Whatever the chunks are.
    @Test(arguments: forms) func reads(_ form: Form) throws {
        let bytes = Array(form.body.utf8)
        for size in [max(bytes.count, 1), 1, 2, 3, 7, 64] {
            let outcome = Result { () throws(MultipartError) in try Self.parts(bytes, size) }
            #expect(outcome == form.outcome, "in chunks of \(size)")
        }
    }

    private static func parts(_ bytes: [UInt8], _ size: Int) throws(MultipartError) -> [String] {
        var parser = MultipartParser(boundary: "b")
        var parts: [String] = []
        var current = ""
        for start in stride(from: 0, to: bytes.count, by: size) {
            for event in try parser.take(bytes[start..<min(start + size, bytes.count)]) {
                switch event {
                case .part(let part): current = "\(part.name)|\(part.filename ?? "-")|"
                case .content(let content): current += String(decoding: content, as: UTF8.self)
                case .end: parts.append(current)
                }
            }
        }
        try parser.finish()
        return parts
    }

    @Test(arguments: [
        ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;boundary=\"a b;c\"; x=y", "a b;c"),
        ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil), ("multipart/mixed; boundary=a", nil),
        ("application/json", nil), ("multipart/form-data; boundary=\(String(repeating: "x", count: 71))", nil),
    ])
    func findsBoundary(_ type: String, _ boundary: String?) {
        #expect(MultipartHead.boundary(of: type) == boundary)
    }
}
