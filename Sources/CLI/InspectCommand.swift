import ArgumentParser
import GGUF

/// `carat inspect`: what is in a GGUF file, and what running it needs.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is in a GGUF file and what running it needs.",
        discussion: "Lists files of any architecture; says why where Carat cannot run one.")

    @Argument(help: "A GGUF file. Default: the model inside the program.")
    var file: String?
    @Flag(help: "Print one JSON object.")
    var json = false
    @Flag(help: "List every tensor too.")
    var tensors = false

    func run() throws {
        let model = ModelOption(path: file)
        let report = FileReport(try model.openFile(), name: model.displayName, withTensors: tensors)
        try Output.write(json ? try encodeJSON(report) + "\n" : report.text)
    }
}
