import ArgumentParser
import BatchRunner

/// Where a batch's results go.
struct BatchResults: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("File of results; what is in it from an earlier run is kept.", valueName: "file"))
    var output: String
    @Option(help: ArgumentHelp("Put the results of failed lines here instead.", valueName: "file"))
    var errorFile: String?
    @Option(
        help: ArgumentHelp(
            "Keep the progress here as Prometheus metrics, rewritten every few seconds.", valueName: "file"))
    var metricsFile: String?
    @Flag(help: "Throw away the results of earlier runs.")
    var restart = false

    /// Files that the batch writes.
    var ownPaths: [String] {
        [output, BatchOutput.statePath(of: output), BatchOutput.spoolPath(of: output)]
            + [errorFile, metricsFile].compactMap(\.self)
    }

    /// Refuses one file in two parts.
    func check(_ output: BatchOutput, _ input: InputFile?) throws {
        if let input { try output.require(input, isNotWrittenAs: "the input") }
        if let metricsFile {
            try output.require(metricsFile, isNotWrittenAs: "--metrics-file")
            if let input { try input.require(isNot: metricsFile, role: "--metrics-file") }
        }
    }
}
