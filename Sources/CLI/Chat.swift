import Engine
import Gemma
import Tokenizer

/// A conversation at the terminal: Gemma's turns for instruct files, plain continuation for base files.
struct Chat {
    private let session: Session
    private let template: ChatTemplate?
    private let options: GenerationOptions
    private let name: String

    init(_ session: Session, template: ChatTemplate?, options: GenerationOptions, name: String) {
        self.session = session
        self.template = template
        self.options = options
        self.name = name
    }

    func run() throws {
        let kind = template == nil ? "base model: it continues your text" : "chat"
        Output.note("\(name), \(kind). Ctrl-C ends a reply, Ctrl-D the program; /reset starts anew.\n")
        var lines = LineReader()
        while let line = ask(&lines) {
            if line == "/reset" {
                session.reset()
                Output.note("(starting anew)\n")
                continue
            }
            guard !line.isEmpty else { continue }
            do {
                let result = try GenerationStream(session: session, options: options).run(tokens(of: line))
                Output.note("[\(result.summary)]\n")
            } catch let error as EngineError {
                Output.note("\(error)\n/reset makes room.\n")  // the conversation goes on
            }
        }
        Output.note("\n")
    }

    /// The next line; nil at its end or on Ctrl-C.
    private func ask(_ lines: inout LineReader) -> String? {
        Interrupt.clear()
        Output.note("> ")
        return lines.next()
    }

    private func tokens(of line: String) -> [TokenID] {
        let tokenizer = session.model.tokenizer
        let isFirst = session.history.isEmpty
        if let template {
            let position: ChatTemplate.Position =
                isFirst ? .start : session.endsTurn ? .closedReply : .openReply
            return template.userTurn(line, after: position, tokenizer: tokenizer)
        }
        let continues = !isFirst && line.first?.isPunctuation == false
        return tokenizer.encode(continues ? " " + line : line, addBOS: isFirst ? nil : false)
    }
}
