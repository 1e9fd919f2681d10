internal import JSON

/// A kind of file, the questions made of its lines, and what is said of the answers.
package struct EvaluationTask: Sendable {
    package enum Metric: String, Sendable, CaseIterable {
        /// The most probable choice is right; of a cloze, the target is what the model would write.
        case acc
        /// The same by log-probability per character of the choice.
        case accNorm = "acc_norm"
        /// Share of the probability of all choices that falls to right ones.
        case mass = "mc2"
        /// exp of the mean -ln p of the targets.
        case perplexity
        /// The generated answer is a right one.
        case exactMatch = "exact_match"
    }

    package let name: String
    package let summary: String
    /// What a line of its file holds.
    package let lines: String
    /// The prompt, for people.
    package let prompt: String
    package let metrics: [Metric]
    let read: @Sendable (TaskLine) throws(EvaluationError) -> TaskItem

    /// The items of a file's lines, in their order.
    package func items(_ lines: [TaskLine]) throws(EvaluationError) -> [TaskItem] {
        var items: [TaskItem] = []
        for line in lines { items.append(try read(line)) }
        return items
    }

    package static let all = general + presets

    /// Throws: `EvaluationError.unknownTask`.
    package static func named(_ name: String) throws(EvaluationError) -> EvaluationTask {
        guard let task = all.first(where: { $0.name == name.lowercased() }) else {
            throw .unknownTask(name, known: all.map { $0.name })
        }
        return task
    }

    /// The general kind that the first line's fields tell.
    package static func detected(_ lines: [TaskLine]) throws(EvaluationError) -> EvaluationTask {
        guard let line = lines.first else { throw .undecidedTask(path: "the file") }
        if line["choices"] != nil { return choice }
        if line["target"] != nil || line["text"] != nil { return cloze }
        if line["answer"] != nil { return exact }
        throw .undecidedTask(path: line.path)
    }
}

/// Kinds of files that anyone can write.
extension EvaluationTask {
    static let general = [choice, cloze, exact]

    static let choice = EvaluationTask(
        name: "choice", summary: "any multiple choice",
        lines: #"{"prompt": TEXT, "choices": [TEXT, ...], "answer": NUMBER FROM 0}"#,
        prompt: "{prompt}; choices after a space", metrics: [.acc, .accNorm]
    ) { (line) throws(EvaluationError) in
        let choices = try line.strings("choices")
        return .choice(
            line, prompt: try line.string("prompt"), choices: choices,
            correct: try line.index("answer", of: choices.count))
    }

    static let cloze = EvaluationTask(
        name: "cloze", summary: "a text's last word, or a given continuation, as LAMBADA has them",
        lines: #"{"text": TEXT}, or {"prompt": TEXT, "target": TEXT}"#,
        prompt: "{text} up to its last space, or {prompt}; the target after a space", metrics: [.acc, .perplexity]
    ) { (line) throws(EvaluationError) in
        let (prompt, target): (String, String)
        if line["text"] != nil {
            let text = try line.string("text")
            guard let space = text.unicodeScalars.lastIndex(of: " ") else {
                throw line.wrong("text", "two words or more")
            }
            prompt = String(text.unicodeScalars[..<space])
            target = String(text.unicodeScalars[space...])
        } else {
            prompt = try line.string("prompt")
            target = " " + (try line.string("target"))
        }
        return TaskItem(line: line.number, kind: .cloze(prompt: prompt, target: target), example: prompt + target)
    }

    static let exact = EvaluationTask(
        name: "exact", summary: "answers that the model writes, compared without spaces around them",
        lines: #"{"prompt": TEXT, "answer": TEXT OR [TEXT, ...]}"#,
        prompt: "{prompt}; the answer ends at a line's end (--stop)", metrics: [.exactMatch]
    ) { (line) throws(EvaluationError) in
        let prompt = try line.string("prompt")
        let answers: [String]
        if let text = line["answer"]?.string {
            answers = [text]
        } else if case .array(let elements) = line["answer"], !elements.isEmpty,
            elements.allSatisfy({ $0.string != nil })
        {
            answers = elements.compactMap(\.string)
        } else {
            throw line.wrong("answer", "a string or an array of strings")
        }
        return TaskItem(
            line: line.number, kind: .exact(prompt: prompt, answers: answers), example: prompt + " " + answers[0])
    }
}
