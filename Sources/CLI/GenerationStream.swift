import Engine
import Tokenizer

/// A generation whose prefill is shown as a progress bar and whose text goes to stdout as it comes.
struct GenerationStream {
    let session: Session
    let options: GenerationOptions
    /// Without it the text is only returned.
    var showsText = true

    func run(_ prompt: [TokenID]) throws -> GenerationResult {
        var bar = ProgressBar("prefill", unit: "token")
        var failure: (any Error)?
        let result = try session.generate(
            prompt, options: options,
            progress: { done, total in
                bar.update(done, of: total)
                if done == total { bar.finish() }
            },
            emit: { piece in
                guard showsText else { return true }
                do { try Output.write(piece) } catch { failure = error }
                return failure == nil
            })
        bar.finish()
        if let failure { throw failure }
        if showsText, !result.text.hasSuffix("\n") { try Output.write("\n") }
        return result
    }
}
