/// One question of a task, with the texts that the model sees.
package struct TaskItem: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// One of several answers is to be the most probable.
        case choice(Choices)
        /// The target is to be what the model would write.
        case cloze(prompt: String, target: String)
        /// What the model writes is to be one of the answers.
        case exact(prompt: String, answers: [String])
    }

    package struct Choices: Sendable, Equatable {
        /// What stands before each choice.
        package var prompts: [String]
        /// What is scored of each.
        package var continuations: [String]
        /// The choices as the file has them; their lengths normalise.
        package var texts: [String]
        /// Numbers of the right ones.
        package var correct: Set<Int>

        package init(prompts: [String], continuations: [String], texts: [String], correct: Set<Int>) {
            self.prompts = prompts
            self.continuations = continuations
            self.texts = texts
            self.correct = correct
        }
    }

    /// Its line in the file, from 1.
    package var line: Int
    package var kind: Kind
    /// Question and answer as they stand among the examples before another question.
    package var example: String
    /// What stands before examples and question.
    package var header = ""
    /// Examples are taken from items of the same group.
    package var group: String?

    package init(line: Int, kind: Kind, example: String, header: String = "", group: String? = nil) {
        self.line = line
        self.kind = kind
        self.example = example
        self.header = header
        self.group = group
    }

    /// The item with examples before its prompts.
    func following(_ examples: [TaskItem]) -> TaskItem {
        let before = header + examples.map { $0.example + "\n\n" }.joined()
        var item = self
        switch kind {
        case .choice(var choices):
            choices.prompts = choices.prompts.map { before + $0 }
            item.kind = .choice(choices)
        case .cloze(let prompt, let target): item.kind = .cloze(prompt: before + prompt, target: target)
        case .exact(let prompt, let answers): item.kind = .exact(prompt: before + prompt, answers: answers)
        }
        return item
    }

    /// A choice after one prompt, parted from it by `delimiter`.
    static func choice(
        _ line: TaskLine, prompt: String, choices: [String], correct: Int, delimiter: String = " "
    ) -> TaskItem {
        TaskItem(
            line: line.number,
            kind: .choice(
                Choices(
                    prompts: choices.map { _ in prompt }, continuations: choices.map { delimiter + $0 },
                    texts: choices, correct: [correct])),
            example: prompt + delimiter + choices[correct])
    }
}

extension TaskItem {
    /// Prompt and answers as the model sees them, for people.
    package var shown: String {
        switch kind {
        case .choice(let choices):
            var text = ""
            let isShared = Set(choices.prompts).count == 1
            if isShared { text += choices.prompts[0] + "\n" }
            for index in choices.texts.indices {
                if !isShared { text += choices.prompts[index] + "\n" }
                let mark = choices.correct.contains(index) ? "*" : " "
                text += "  \(mark) \(index): \(choices.continuations[index].debugDescription)\n"
            }
            return text
        case .cloze(let prompt, let target): return prompt + "\n  *    \(target.debugDescription)\n"
        case .exact(let prompt, let answers):
            return prompt + "\n" + answers.map { "  *    \($0.debugDescription)\n" }.joined()
        }
    }
}
