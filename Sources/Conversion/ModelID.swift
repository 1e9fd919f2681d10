/// What the name of a model says, such as `google/gemma-2b-it`: who made it, its family, size, version and tuning.
///
/// Source: the rules of llama.cpp's converter, by which GGUF files get their general.* keys.
struct ModelID {
    var fullName: String?
    var organization: String?
    var basename: String?
    var finetune: String?
    var version: String?
    var sizeLabel: String?

    private enum Role {
        case basename, size, finetune, version, type
    }

    private struct Part {
        var text: String
        var roles: Set<Role> = []
    }

    /// - Parameter parameters: how many the model has; a size far from it is no size.
    init(_ id: String, parameters: Int) {
        // a sentence is a name and nothing more
        guard !id.contains(" ") else {
            fullName = id
            return
        }
        let halves = id.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = halves.count == 2 ? halves[1] : id
        fullName = name
        if halves.count == 2, !halves[0].hasPrefix(".") { organization = halves[0] }

        var parts = name.split(separator: "-").map { Part(text: String($0)) }
        for index in parts.indices { Self.annotate(&parts[index], isFirst: index == 0, parameters: parameters) }
        let hasNumber = parts.contains { $0.roles.contains(.size) && $0.text.contains(where: \.isNumber) }
        if hasNumber {
            for index in parts.indices where parts[index].text.allSatisfy(\.isLetter) {
                parts[index].roles.remove(.size)
            }
        }
        Self.findBasename(&parts)

        func joined(_ texts: [String]) -> String? { texts.isEmpty ? nil : texts.joined(separator: "-") }
        func texts(_ role: Role) -> [String] { parts.filter { $0.roles.contains(role) }.map(\.text) }
        var sizes: [String] = []
        for size in texts(.size) where !sizes.contains(size) { sizes.append(size) }
        sizeLabel = joined(sizes)
        finetune = joined(texts(.finetune))
        version = joined(parts.filter { $0.roles.contains(.version) && !$0.roles.contains(.basename) }.map(\.text))
        // a name alone is too ambiguous to be a family
        if sizeLabel != nil || finetune != nil || version != nil { basename = joined(texts(.basename)) }
    }

    private static func annotate(_ part: inout Part, isFirst: Bool, parameters: Int) {
        let text = part.text
        if text.wholeMatch(of: /(v|iter)?[0-9]+([.][0-9]+)*/.ignoresCase()) != nil {
            part.roles.insert(.version)
        } else if text.wholeMatch(of: /i?q[0-9](_\w)*|b?fp?(16|32)/.ignoresCase()) != nil {
            part.roles.insert(.type)
            part.text = text.uppercased()
        } else if !isFirst,
            text.wholeMatch(
                of: /((a|[0-9]+x)?[0-9]+([._][0-9]+)?[kmbt][0-9]?|small|mini|medium|large|x?xl)/.ignoresCase()) != nil
        {
            annotateSize(&part, parameters: parameters)
        } else if !isFirst, ["chat", "instruct", "vision", "lora"].contains(text.lowercased()) {
            part.roles.insert(.finetune)
        }
    }

    /// `7b1` is 7.1B, and `2b` is 2B. A size unlike the model's own is a context length.
    private static func annotateSize(_ part: inout Part, parameters: Int) {
        var text = Array(part.text.replacing("_", with: "."))
        if let last = text.last, last.isNumber, text.count > 1 {
            text = text.dropLast(2) + [".", last, text[text.count - 2]]
        }
        if text.count > 1, text[text.count - 2].isNumber, let last = text.last, "kmbt".contains(last) {
            text[text.count - 1] = Character(last.uppercased())
        }
        let powers: [Character: Double] = ["K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12]
        if parameters > 0, let last = text.last, let number = Double(String(text.dropLast())) {
            let size = number * (powers[last] ?? 1e-3)
            if (size - Double(parameters)).magnitude > Double(7 * parameters / 8) {
                part.roles.insert(.finetune)
                text[text.count - 1] = Character(last.lowercased())
            }
        }
        if part.roles.isEmpty { part.roles.insert(.size) }
        part.text = String(text)
    }

    /// The first parts without another meaning, and versions among them unless they come last.
    private static func findBasename(_ parts: inout [Part]) {
        var isStart = true
        for index in parts.indices {
            let part = parts[index]
            if isStart, part.roles.isEmpty && part.text.first?.isLetter == true || part.roles.contains(.version) {
                parts[index].roles.insert(.basename)
            } else {
                isStart = false
                if part.roles.isEmpty { parts[index].roles.insert(.finetune) }
            }
        }
        for index in parts.indices.reversed() {
            guard parts[index].roles.contains(.basename), parts[index].roles.count > 1 else { break }
            parts[index].roles.remove(.basename)
        }
    }

    /// `gemma-2b-it` as a title: Gemma 2b It.
    static func title(_ text: String) -> String {
        text.replacing("-", with: " ").split(whereSeparator: \.isWhitespace).map { word in
            let hasCase = word.contains(where: \.isCased)
            guard hasCase, !word.contains(where: \.isUppercase),
                word.wholeMatch(of: /v[0-9]+(\.[0-9]+)*|[0-9].*/) == nil
            else { return String(word) }
            var isInside = false
            return word.reduce(into: "") { title, letter in
                title += isInside ? String(letter) : letter.uppercased()
                isInside = letter.isCased
            }
        }.joined(separator: " ")
    }
}
