import ArgumentParser
import BatchRunner
import Conversion

/// `carat convert`: a Hugging Face folder to a GGUF file.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make a GGUF file of a Gemma model's Hugging Face folder.",
        discussion: """
            Reads model*.safetensors (with its index, where there is one), config.json, tokenizer.model and the JSON \
            beside them. The file has the tensors and the metadata that llama.cpp's converter gives it; it is written \
            under a temporary name and gets its own when it is whole. Memory does not grow with the model.
              carat convert gemma-2b-it -o gemma-2b-it.gguf
              carat convert gemma-2b-it -o gemma-2b-it-F32.gguf --type f32
            """)

    @Argument(help: "The folder of a Gemma 1 model.")
    var folder: String
    @Option(name: [.short, .long], help: ArgumentHelp("The GGUF file to write.", valueName: "file"))
    var output: String
    @Option(help: "Type of the weights. Default: bf16 where they are in BF16, else f16.")
    var type: GemmaConverter.TargetType?

    func run() throws {
        Interrupt.install()
        ignoreFileSizeSignal()
        let start = ContinuousClock.now
        let converter = try GemmaConverter(folder, type: type)
        if converter.paddingCount > 0 {
            Output.note(
                "note: no file of \(folder) names \(converter.paddingCount) of the \(converter.vocabularyCount) tokens; "
                    + "they become padding that is never used ([PADn])\n")
        }
        var progress = WorkProgress(
            "converting", unit: "MB", plural: "MB", total: converter.sourceByteCount / 1_000_000)
        defer { progress.finish() }
        try converter.write(to: output) { done in
            if Interrupt.isRequested { throw ExitCode(Interrupt.exitCode) }
            progress.update(done / 1_000_000)
        }
        progress.finish()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rate = Double(converter.sourceByteCount) / 1e6 / seconds
        Output.note(
            "\(output): \(converter.tensorCount) tensors, \(formatCount(converter.parameterCount)) parameters in "
                + "\(converter.type.rawValue), \(formatBytes(converter.byteCount)); "
                + "\(formatSeconds(seconds)), \(rate.fixed(0)) MB/s\n")
    }
}

extension GemmaConverter.TargetType: ExpressibleByArgument {}
