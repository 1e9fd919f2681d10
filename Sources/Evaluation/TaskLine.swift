internal import JSON

/// A line of a task's file: an object, whose fields are read with errors that name file, line and field.
package struct TaskLine: Sendable {
    /// From 1.
    package let number: Int
    let path: String
    let object: JSONValue

    /// Longest line that is read, in bytes.
    private static let limit = 16 << 20

    /// All lines of a file that are not empty.
    ///
    /// Throws: `EvaluationError` naming the first line that is no JSON object.
    package static func all(in bytes: [UInt8], path: String) throws(EvaluationError) -> [TaskLine] {
        var lines: [TaskLine] = []
        for (index, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 != 32 && $0 != 9 && $0 != 13 }) else { continue }
            lines.append(try TaskLine(number: index + 1, path: path, bytes: Array(line)))
        }
        guard !lines.isEmpty else { throw .emptyTask(path: path) }
        return lines
    }

    private init(number: Int, path: String, bytes: [UInt8]) throws(EvaluationError) {
        do {
            object = try JSONValue(parsing: bytes, limit: Self.limit)
        } catch {
            throw .line(number, path: path, fault: "\(error)")
        }
        guard case .object = object else {
            throw .line(number, path: path, fault: "this is \(object.kind), where an object is expected.")
        }
        self.number = number
        self.path = path
    }

    subscript(name: String) -> JSONValue? { object[name] }

    func wrong(_ name: String, _ expected: String) -> EvaluationError {
        .field(name, line: number, path: path, expected: expected)
    }

    func string(_ name: String) throws(EvaluationError) -> String {
        guard let text = object[name]?.string else { throw wrong(name, "a string") }
        return text
    }

    func strings(_ name: String) throws(EvaluationError) -> [String] { try strings(object[name], name) }

    /// At least two texts to choose from.
    func strings(_ value: JSONValue?, _ name: String) throws(EvaluationError) -> [String] {
        let expected = "an array of two or more strings"
        guard case .array(let elements) = value, elements.count >= 2 else { throw wrong(name, expected) }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string else { throw wrong(name, expected) }
            texts.append(text)
        }
        return texts
    }

    /// The number of the right one of `count` choices, a number or a text of digits that counts from `first`.
    func index(_ name: String, of count: Int, from first: Int = 0) throws(EvaluationError) -> Int {
        let value = object[name]
        let number = value?.wholeNumber ?? value?.string.flatMap { Int($0) }
        guard let number, number >= first, number - first < count else {
            throw wrong(name, "one of \(first) to \(first + count - 1)")
        }
        return number - first
    }

    /// The number of the choice whose label this is.
    func index(_ name: String, in labels: [String]) throws(EvaluationError) -> Int {
        let text = try string(name)
        let label = text.drop { $0.isWhitespace }
        guard let index = labels.firstIndex(where: { $0 == label }) else {
            throw wrong(name, "one of \(labels.joined(separator: ", "))")
        }
        return index
    }

    /// Question, choices and their labels: `question` and `choices` of two arrays as on Hugging Face, or `question` with
    /// a stem and an array of objects as in the authors' files.
    func labelled(question name: String) throws(EvaluationError) -> (
        question: String, choices: [String], labels: [String]
    ) {
        if case .object = object["question"], let question = object["question"] {
            guard let stem = question["stem"]?.string else { throw wrong("question.stem", "a string") }
            guard case .array(let entries) = question["choices"] else { throw wrong("question.choices", "an array") }
            let texts = try strings(.array(entries.map { $0["text"] ?? .null }), "question.choices[].text")
            let labels = try strings(.array(entries.map { $0["label"] ?? .null }), "question.choices[].label")
            return (stem, texts, labels)
        }
        let texts = try strings(object["choices"]?["text"], "choices.text")
        let labels = try strings(object["choices"]?["label"], "choices.label")
        guard texts.count == labels.count else { throw wrong("choices.label", "as long as choices.text") }
        return (try string(name), texts, labels)
    }
}
