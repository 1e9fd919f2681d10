import Foundation
import TestSupport
import Testing

/// What a command reads is never lost to what it writes.
@Suite struct OutputPathTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// IN stands for the file that is read and named as output; M and T for a model and a text.
    @Test(
        arguments: [
            ("text", "imatrix -m M -f IN -o IN"), ("model", "imatrix -m IN -f T -o IN"),
            ("text", "perplexity -f IN --save-logits IN"), ("model", "perplexity -m IN -f T --save-logits IN"),
            ("task", "eval IN -o IN"), ("model", "quality IN --parent M -f T --repetitions 0 --report IN"),
            ("text", "quality M --parent M -f IN --repetitions 0 --report IN"),
            ("model", "quantize IN IN Q4_K_M"), ("model", "bench -m IN -p 8 -n 0 --report IN"),
        ])
    func inputsAreKept(kind: String, line: String) throws {
        let model = Fixtures.folder.appending(path: "models/carat-tiny-F16.gguf").path()
        let text = Fixtures.folder.appending(path: "texts/heldout.txt").path()
        let question = #"{"prompt": "It was a dark and", "choices": ["stormy night", "blue"], "answer": 0}"# + "\n"
        let content =
            try kind == "task"
            ? Data(question.utf8)
            : Data(
                contentsOf: URL(filePath: kind == "text" ? text : model))
        let input = scratch.path("input")
        try content.write(to: URL(filePath: input))
        let arguments = line.split(separator: " ").map {
            ["IN": input, "M": model, "T": text][String($0)] ?? String($0)
        }
        let run = try CaratProcess(arguments)
        #expect(run.code == 1, "\(run.output) \(run.errors)")
        #expect(run.errors.contains("lost") && run.errors.contains("another name"), "\(run.errors)")
        #expect(try Data(contentsOf: URL(filePath: input)) == content)
    }

    @Test(arguments: [
        "imatrix -m M -f T --chunks 1 -o OUT", "perplexity -f T --chunks 1 --save-logits OUT", "quantize M OUT Q8_0",
    ])
    func hopelessOutputsAreSaidAtOnce(line: String) throws {
        let model = Fixtures.folder.appending(path: "models/carat-tiny-F16.gguf").path()
        let text = Fixtures.folder.appending(path: "texts/heldout.txt").path()
        for (output, reason) in [(scratch.folder, "directory"), (scratch.path("none/x"), "folder does not exist")] {
            let run = try CaratProcess(
                line.split(separator: " ").map { ["OUT": output, "M": model, "T": text][String($0)] ?? String($0) })
            #expect(run.code == 1 && run.errors.contains(reason), "\(run.errors)")
        }
    }
}
