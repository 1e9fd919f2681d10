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
        while let line = ask() {
            if line == "/reset" {
                session.reset()
                Output.note("(starting anew)\n")
                continue
            }
            guard !line.isEmpty else { continue }
            do {
                try reply(to: line)
            } catch let error as EngineError {
                Output.note("\(error)\n/reset makes room.\n")  // the conversation goes on
            }
        }
        Output.note("\n")
    }

    /// The next line; nil at its end or on Ctrl-C.
    private func ask() -> String? {
        Interrupt.clear()
        Output.note("> ")
        let line = readLine()
        return Interrupt.isRequested ? nil : line
    }

    private func reply(to line: String) throws {
        let tokenizer = session.model.tokenizer
        let isFirst = session.history.isEmpty
        let tokens =
            template?.userTurn(line, isFirst: isFirst, tokenizer: tokenizer)
            ?? tokenizer.encode(
                isFirst || line.first?.isPunctuation == true ? line : " " + line, addBOS: isFirst ? nil : false)
        var bar = ProgressBar("prefill", unit: "token")
        var failure: (any Error)?
        let result = try session.generate(
            tokens, options: options,
            progress: { done, total in
                bar.update(done, of: total)
                if done == total { bar.finish() }
            },
            emit: { piece in
                do { try Output.write(piece) } catch { failure = error }
                return failure == nil
            })
        bar.finish()
        if let failure { throw failure }
        if !result.text.hasSuffix("\n") { try Output.write("\n") }
        Output.note(result.summary + "\n")
    }
}
