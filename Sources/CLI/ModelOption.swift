import ArgumentParser
import Engine
import GGUF
import Gemma

/// The model file that a command works on.
struct ModelOption: ParsableArguments {
    @Option(name: [.short, .long], help: ArgumentHelp("GGUF file of a Gemma model.", valueName: "file"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "A model of a known shape with random weights, made in the cache folder.", valueName: "shape:format"))
    var synthetic: String?

    init() {}

    /// For commands that name the file by an argument.
    init(path: String?) {
        model = path
        synthetic = nil
    }

    func validate() throws {
        if model != nil, synthetic != nil { throw ValidationError("Give --model or --synthetic, not both.") }
    }

    func openFile() throws -> GGUFFile {
        if let synthetic { return try GGUFFile(path: syntheticModelPath(synthetic)) }
        guard let model else { return try EmbeddedModel.open() }
        return try GGUFFile(path: model)
    }

    /// What to call the model in messages: the file's name without its folders.
    var displayName: String {
        synthetic ?? model.map { String($0.split(separator: "/").last ?? "model") } ?? EmbeddedModel.name
    }
}
