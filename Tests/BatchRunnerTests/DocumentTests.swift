import BatchRunner
import Foundation
import TestSupport
import Testing

@Suite struct DocumentTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func question(
        _ template: String = "{{name}}:\n{{document}}\nSum it up.", fields: String = "{}",
        endpoint: BatchEndpoint = .completions
    ) throws -> DocumentQuestion {
        try DocumentQuestion(endpoint: endpoint, template: PromptTemplate(template, path: "t"), fields: fields)
    }

    private func answers(_ list: DocumentList) throws -> [Result<BatchLine, LineFault>] {
        let input = try BatchInput(documents: list)
        return try (0..<input.count).map { try input.read($0, created: 1) }
    }

    @Test func everyFileIsALine() throws {
        try scratch.write("d/b.txt", "B {{name}}".utf8)
        try scratch.write("d/a/é.txt", "\u{FEFF}\"A\"".utf8)
        try scratch.write("d/.hidden", "H".utf8)
        try scratch.write("d/out.jsonl.state", "own".utf8)
        let list = try DocumentList(
            scratch.path("d"), question: question(fields: #"{ "max_tokens" : 5 }"#),
            leavingOut: [scratch.path("d/out.jsonl.state")])
        let lines = try answers(list).map { try $0.get() }
        #expect(lines.map(\.customID) == ["a/é.txt", "b.txt"] && lines.map(\.number) == [1, 2])
        #expect(
            lines.map { String(decoding: $0.body, as: UTF8.self) } == [
                #"{"prompt":"a/é.txt:\n\"A\"\nSum it up.","max_tokens":5}"#,
                #"{"prompt":"b.txt:\nB {{name}}\nSum it up.","max_tokens":5}"#,
            ])
    }

    @Test func chatsAndEmbeddingsHaveTheirOwnBodies() throws {
        #expect(
            String(
                decoding: try question("{{ document }}", endpoint: .chatCompletions).body(for: "x", name: "n"),
                as: UTF8.self)
                == #"{"messages":[{"role":"user","content":"x"}]}"#)
        #expect(
            String(
                decoding: try question("{{document}}", endpoint: .embeddings).body(for: "x", name: "n"), as: UTF8.self)
                == #"{"input":"x"}"#)
    }

    @Test func whatIsNoTextFailsAlone() throws {
        try scratch.write("d/bad.txt", [0xFF, 0x41])
        try scratch.write("d/good.txt", "G".utf8)
        try scratch.write("d/long.txt", Array(repeating: 0x41, count: 100))
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("d/gone.txt"), withDestinationPath: "/nowhere/at-all")
        let all = try answers(DocumentList(scratch.path("d/*.txt"), question: question(), limit: 50))
        let faults = all.map { if case .failure(let fault) = $0 { fault.message } else { "" } }
        #expect(
            faults.map { $0.prefix(30) } == [
                "The document is not UTF-8. Con", "The document cannot be read: N", "",
                "The document has 100 bytes, an",
            ])
        #expect(all[0].customID.hasSuffix("d/bad.txt"))
    }

    @Test func changedDocumentsAreAnotherInput() throws {
        try scratch.write("d/a", "A".utf8)
        let list = try DocumentList(scratch.path("d"), question: question())
        let before = try BatchInput(documents: list)
        try scratch.write("d/a", "B".utf8)
        #expect(try BatchInput(documents: list).fingerprint != before.fingerprint)
        try scratch.write("d/a", "AA".utf8)
        #expect(throws: BatchError.inputChangedMeanwhile(path: scratch.path("d/a"))) {
            try before.read(0, created: 1)
        }
        #expect(throws: BatchError.noDocuments(path: scratch.path("e"))) {
            try DocumentList(scratch.path("e"), question: question())
        }
    }

    @Test func templatesAreChecked() throws {
        #expect(
            try PromptTemplate("a {{ x+y }} {{document}} {{", path: "t").fill(document: "D", name: "N")
                == "a {{ x+y }} D {{")
        for text in ["no place", "{{docment}} {{document}}"] {
            #expect(throws: BatchError.self) { try PromptTemplate(text, path: "t") }
        }
        for fields in ["[]", "{", #"{"prompt":"x"}"#, #"{"stream":false}"#] {
            #expect(throws: BatchError.self, "\(fields)") { try question(fields: fields) }
        }
    }

    @Test func theQuestionsPrefixOrdersDocumentsToo() async throws {
        for name in ["a", "b", "c"] { try scratch.write("d/\(name)", "text of \(name)".utf8) }
        let list = try DocumentList(
            scratch.path("d"), question: question(String(repeating: "Q", count: 300) + "{{document}}"))
        let input = try BatchInput(documents: list)
        #expect(Set(input.index.entries.map { $0.prefix[0] }).count == 1)
        #expect(try await scratch.run(input).done == 3)
    }
}
