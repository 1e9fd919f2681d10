import Engine
import Evaluation
import Foundation
import Gemma
import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TaskTests {
    private static let folder = Fixtures.folder.appending(path: "tasks")

    private static func lines(_ name: String) throws -> [TaskLine] {
        try TaskLine.all(in: Array(Fixtures.data("tasks/\(name).jsonl")), path: name)
    }

    private static func run(_ name: String, shots: Int = 0, context: Int = 2048) throws -> TaskRun {
        let task = try EvaluationTask.named(name)
        let own = FileManager.default.fileExists(atPath: folder.appending(path: "\(name)_shots.jsonl").path())
        let examples = try task.items(try lines(own ? "\(name)_shots" : name))
        return try TaskRun(
            task, items: try task.items(try lines(name)), examples: examples, shots: shots, examplesPath: name,
            tokenizer: try GemmaModel(EmbeddedModel.open()).tokenizer, context: context)
    }

    /// The texts that lm-evaluation-harness asks for, of each preset's made-up questions
    /// (`scripts/test-clients/lm_eval_presets.py --write`).
    @Test(arguments: [
        "hellaswag", "piqa", "social_iqa", "boolq", "winogrande", "commonsense_qa", "openbookqa", "arc_easy",
        "arc_challenge", "mmlu", "truthfulqa_mc1", "truthfulqa_mc2", "lambada_openai", "winogrande+2", "hellaswag+2",
    ])
    func presetsAskWhatTheHarnessAsks(label: String) throws {
        let golden = try JSONDecoder().decode([String: [[[String]]]].self, from: Fixtures.data("tasks/requests.json"))
        let name = String(label.prefix { $0 != "+" })
        let run = try Self.run(name, shots: label == "mmlu" || label != name ? 2 : 0)
        let expected = try #require(golden[label])
        #expect(run.items.count == expected.count)
        for (item, requests) in zip(run.items, expected) {
            switch item.kind {
            case .choice(let choices):
                #expect(zip(choices.prompts, choices.continuations).map { [$0, $1] } == requests)
            case .cloze(let prompt, let target): #expect([[prompt, target]] == requests)
            case .exact: Issue.record("\(name) generates nothing")
            }
        }
    }

    @Test func everyPresetIsTried() {
        #expect(Set(EvaluationTask.all.map(\.name)).count == EvaluationTask.all.count)
        for task in EvaluationTask.all {
            let file = Self.folder.appending(path: "\(task.name).jsonl").path()
            #expect(FileManager.default.fileExists(atPath: file), "\(task.name)")
        }
    }

    @Test func authorsFilesAreReadToo() throws {
        let line = """
            {"answerKey": "2", "question": {"stem": "Which?", "choices": [{"label": "1", "text": "a"}, \
            {"text": "b", "label": "2"}]}}
            """
        let items = try EvaluationTask.named("arc_easy").items(TaskLine.all(in: Array(line.utf8), path: "x"))
        guard case .choice(let choices) = try #require(items.first).kind else {
            Issue.record("no choice")
            return
        }
        #expect(choices.prompts[0] == "Question: Which?\nAnswer:" && choices.correct == [1])
        #expect(choices.continuations == [" a", " b"])
    }

    @Test func theKindIsToldByTheFields() throws {
        for name in ["choice", "cloze", "exact"] {
            #expect(try EvaluationTask.detected(try Self.lines(name)).name == name)
        }
        #expect(throws: EvaluationError.undecidedTask(path: "x")) {
            try EvaluationTask.detected(TaskLine.all(in: Array("{\"a\": 1}".utf8), path: "x"))
        }
        #expect(throws: (any Error).self) { try EvaluationTask.named("nothing") }
    }

    @Test(
        arguments: [
            ("choice", "no json", "line 3", "no value"),
            ("choice", "[1]", "line 3", "an array, where an object"),
            ("choice", #"{"prompt": 1, "choices": ["a", "b"], "answer": 0}"#, "line 3", "`prompt` is not a string"),
            ("choice", #"{"prompt": "p", "choices": ["a"], "answer": 0}"#, "line 3", "`choices`"),
            ("choice", #"{"prompt": "p", "choices": ["a", 2], "answer": 0}"#, "line 3", "`choices`"),
            ("choice", #"{"prompt": "p", "choices": ["a", "b"], "answer": 2}"#, "line 3", "one of 0 to 1"),
            ("choice", #"{"prompt": "p", "choices": ["a", "b"], "answer": -1}"#, "line 3", "one of 0 to 1"),
            ("choice", #"{"prompt": "p", "choices": ["a", "b"]}"#, "line 3", "`answer`"),
            ("choice", #"{"prompt": "p", "choices": ["a", "b"], "answer": 1e300}"#, "line 3", "`answer`"),
            (
                "social_iqa", #"{"context":"c","question":"q","answerA":"a","answerB":"b","answerC":"c","label":"0"}"#,
                "line 3", "one of 1 to 3"
            ),
            (
                "winogrande", #"{"sentence":"none","option1":"a","option2":"b","answer":"1"}"#, "line 3",
                "a text with a _"
            ),
            (
                "arc_easy", #"{"question":"q","choices":{"text":["a","b"],"label":["A"]},"answerKey":"A"}"#, "line 3",
                "choices.label"
            ),
            (
                "arc_easy", #"{"question":"q","choices":{"text":["a","b"],"label":["A","B"]},"answerKey":"C"}"#,
                "line 3",
                "one of A, B"
            ),
            ("mmlu", #"{"question":"q","subject":"s","choices":["a","b"],"answer":0}"#, "line 3", "four texts"),
            (
                "truthfulqa_mc1", #"{"question":"q","mc1_targets":{"choices":["a","b"],"labels":[0,0]}}"#, "line 3",
                "with a 1"
            ),
            ("cloze", #"{"text": "word"}"#, "line 3", "two words"),
            ("exact", #"{"prompt": "p", "answer": []}"#, "line 3", "`answer`"),
            ("exact", "\u{FEFF}{}", "line 3", "byte order mark"),
        ] as [(String, String, String, String)])
    func badLinesAreNamed(task: String, line: String, place: String, part: String) throws {
        do {
            _ = try EvaluationTask.named(task).items(TaskLine.all(in: Array("\n\r\n\(line)\n".utf8), path: "f.jsonl"))
            Issue.record("accepted: \(line)")
        } catch {
            #expect("\(error)".contains(place) && "\(error)".contains(part), "\(error)")
            #expect("\(error)".contains("f.jsonl"))
        }
    }

    @Test func emptyFilesAndMissingExamplesAreErrors() throws {
        #expect(throws: EvaluationError.emptyTask(path: "x")) { try TaskLine.all(in: Array(" \n\n".utf8), path: "x") }
        #expect(throws: EvaluationError.tooFewShots(path: "mmlu", group: "anatomy", wanted: 4, found: 3)) {
            try Self.run("mmlu", shots: 4)
        }
    }

    @Test func whatCannotBeScoredIsAnError() throws {
        #expect(throws: EvaluationError.self) { try Self.run("boolq", context: 8) }
        let task = try EvaluationTask.named("winogrande")
        let line = #"{"sentence":"Who? _","option1":"a","option2":"b","answer":"1"}"#
        // a space alone goes to the token before it or is one: either a score or an error, never a trap
        let items = try task.items(TaskLine.all(in: Array(line.utf8), path: "x"))
        let tokenizer = try GemmaModel(EmbeddedModel.open()).tokenizer
        _ = try? TaskRun(task, items: items, tokenizer: tokenizer, context: 100)
        let empty = TaskItem(
            line: 9,
            kind: .choice(
                TaskItem.Choices(prompts: ["p", "p"], continuations: [" a", ""], texts: ["a", ""], correct: [0])),
            example: "")
        #expect(throws: EvaluationError.noTokens(line: 9, part: "choice 1")) {
            try TaskRun(task, items: [empty], tokenizer: tokenizer, context: 100)
        }
    }

    @Test func figuresFollowFromTheSums() {
        func result(_ sums: [Double], _ texts: [String], _ correct: Set<Int>) -> ItemResult {
            let choices = TaskItem.Choices(
                prompts: texts, continuations: texts, texts: texts, correct: correct)
            return ItemResult(
                TaskItem(line: 1, kind: .choice(choices), example: ""),
                answers: sums.map { AnswerScore(logProbability: $0, tokens: 1, isGreedy: false) })
        }
        let item = result([-2, -3], ["a", "bcdef"], [1])
        #expect(item.value(.acc) == 0 && item.value(.accNorm) == 1 && item.value(.perplexity) == nil)
        #expect(abs((item.value(.mass) ?? 0) - 1 / (1 + exp(1.0))) < 1e-12)
        // the first of equals, as numpy's argmax
        #expect(result([-2, -2], ["a", "b"], [0]).value(.acc) == 1)
        // far below what exp can hold
        #expect(abs((result([-2000, -2000], ["a", "b"], [0]).value(.mass) ?? 0) - 0.5) < 1e-12)
        let cloze = ItemResult(
            TaskItem(line: 1, kind: .cloze(prompt: "a", target: " b"), example: ""),
            answers: [AnswerScore(logProbability: -3, tokens: 2, isGreedy: true)])
        #expect(cloze.value(.acc) == 1 && cloze.value(.perplexity) == -3)
        let exact = ItemResult(
            TaskItem(line: 1, kind: .exact(prompt: "a", answers: ["b", "c"]), example: ""),
            answers: [AnswerScore(logProbability: 0, tokens: 0, isGreedy: false, text: " c\n")])
        #expect(exact.value(.exactMatch) == 1)
    }

    /// Choices after one prompt are what the score route gives, whoever runs beside them.
    @Test func choicesAreScoredAsAlone() async throws {
        let model = try GemmaModel(EmbeddedModel.open())
        let engine = try Engine(model)
        let run = try Self.run("hellaswag")
        let together = try await run.run(on: engine)
        #expect(together.count == 3)
        for (index, item) in run.items.enumerated() {
            guard case .choice(let choices) = item.kind else { continue }
            for choice in choices.texts.indices {
                let prompt = model.tokenizer.encode(choices.prompts[choice])
                let whole = model.tokenizer.encode(choices.prompts[choice] + choices.continuations[choice])
                var options = GenerationOptions(maxTokens: 0)
                (options.promptLogprobs, options.firstScoredToken) = (0, prompt.count)
                var request = EngineRequest(prompt: whole, options: options)
                request.usesCache = false
                let alone = try await engine.run(request).promptLogprobs.compactMap { $0?.logprob }.reduce(0, +)
                #expect(together[index]?.answers[choice].logProbability == alone)
            }
        }
    }
}
