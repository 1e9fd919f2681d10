import ArgumentParser
import Engine
import GGUF
import Gemma

/// The model file that a command works on.
struct ModelOption: ParsableArguments {
    @Option(name: [.short, .long], help: ArgumentHelp("GGUF file of a Gemma model.", valueName: "file"))
    var model: String?

    func openFile() throws -> GGUFFile {
        guard let model else { return try EmbeddedModel.open() }
        return try GGUFFile(path: model)
    }

    /// What to call the model in messages: the file's name without its folders.
    var displayName: String {
        model.map { String($0.split(separator: "/").last ?? "model") } ?? EmbeddedModel.name
    }
}
