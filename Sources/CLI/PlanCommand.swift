import ArgumentParser
import Compute
import Engine
import Gemma
import Planner

/// `carat plan`: which path computes which weight, what it will take, and why.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show how a model will be computed on this machine: paths, predicted times, errors, reasons.",
        discussion: """
            For each kind of weight and number n of positions in one forward call: dot products on the quantized weights, \
            or sgemm on dequantized ones. Times are for one weight. Costs of this machine and errors of the file are \
            measured once and kept in the cache folder ($XDG_CACHE_HOME/carat, else ~/.cache/carat).
            """)

    @Argument(help: "A GGUF file. Default: the model inside the program.")
    var file: String?
    @Option(
        name: [.customShort("n"), .customLong("positions")], parsing: .unconditional,
        help: ArgumentHelp("Numbers of positions, apart by commas.", valueName: "list"))
    var positions = "1,8,64,512"
    @Flag(help: "Print one JSON object.")
    var json = false
    @Flag(help: "Measure the machine and the file again.")
    var recalibrate = false
    @Flag(help: "Run each kind of weight now, and the model: predicted against measured times.")
    var check = false
    @Flag(name: [.short, .long], help: "Say what could not be read or kept.")
    var verbose = false
    @OptionGroup(title: "Machine") var engine: EngineFlags

    func validate() throws {
        _ = try parsedPositions()
        try engine.check()
    }

    func run() throws {
        var settings = try engine.settings()
        let option = ModelOption(path: file)
        let model = try GemmaModel(try option.openFile())
        let source = MachineFacts(isVerbose: verbose).complete(
            &settings, for: model, remeasures: recalibrate, needsErrors: true)
        let plan = settings.plan(for: model.weights.planned)
        var report = PlanReport(
            plan, model: model, name: option.displayName, settings: settings, source: source,
            positions: try parsedPositions())
        if check {
            try PlanCheck(plan, model: model, settings: settings).run(into: &report)
        }
        try Output.write(json ? try encodeJSON(report) + "\n" : report.text)
    }

    private func parsedPositions() throws -> [Int] {
        let numbers = positions.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard numbers.allSatisfy({ (1...PlanReport.mostPositions).contains($0) }) else {
            throw ValidationError(
                "-n is '\(positions)', where numbers from 1 to \(PlanReport.mostPositions) apart by commas are possible."
            )
        }
        return Set(numbers).sorted()
    }
}
