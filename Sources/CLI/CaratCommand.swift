import ArgumentParser

/// The `carat` command. An error thrown by a subcommand becomes one line on stderr and exit code 1; wrong usage is 64.
@main
struct CaratCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "carat",
        abstract: "Runs Gemma GGUF models on CPUs.",
        discussion: """
            Without a model file, commands use carat-tiny, a small model inside the program.
              carat run -p "It was a dark night"           continue a text
              carat run -m gemma-2b-it.gguf                chat
              carat bench -m gemma-2b-Q4_K_M.gguf          how fast it runs here
              carat inspect gemma-2b-Q4_K_M.gguf           what is in a file, and what it needs
              carat plan gemma-2b-Q4_K_M.gguf              how it will be computed here, and how fast
            """,
        version: "0.1.0",
        subcommands: [
            RunCommand.self, BenchCommand.self, PlanCommand.self, InspectCommand.self, TokenizeCommand.self,
        ])

    static func main() {
        Interrupt.ignoreClosedPipes()
        Interrupt.explainBusErrors()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch is ClosedPipe {
            Self.exit(withError: ExitCode(141))  // as if ended by SIGPIPE: quietly
        } catch {
            exit(withError: error)
        }
    }
}
