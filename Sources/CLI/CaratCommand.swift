import ArgumentParser
import Compute

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The `carat` command. An error thrown by a subcommand becomes one line on stderr and exit code 1; wrong usage is 64.
@main
struct CaratCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "carat",
        abstract: "Runs Gemma GGUF models on CPUs.",
        discussion: """
            Without a model file, commands use carat-tiny, a small model inside the program.
              carat run -p "It was a dark night"       continue a text
              carat run -m gemma-2b-it.gguf            chat
              carat serve -m gemma-2b-it.gguf          an OpenAI-compatible server
              carat batch in.jsonl -o out.jsonl        answer a file of requests
              carat bench -m gemma-2b-Q4_K_M.gguf      how fast it runs here
              carat inspect gemma-2b-Q4_K_M.gguf       what is in a file, what it needs
              carat plan gemma-2b-Q4_K_M.gguf          how it is computed, how fast
              carat convert gemma-2b -o f16.gguf       a Hugging Face folder to GGUF
              carat quantize f16.gguf q4.gguf Q4_K_M   a smaller model file
              carat perplexity -m q4.gguf -f text.txt  how well a text is foretold
              carat quality q4.gguf --parent f16.gguf -f text.txt
                                                       what smaller files lose
              carat eval hellaswag.jsonl --task hellaswag
                                                       questions answered right
            """,
        version: "0.1.0",
        subcommands: [
            RunCommand.self, ServeCommand.self, BatchCommand.self, ScoreCommand.self, EmbedCommand.self,
            BenchCommand.self, PlanCommand.self, InspectCommand.self, TokenizeCommand.self, ConvertCommand.self,
            QuantizeCommand.self, ImatrixCommand.self, PerplexityCommand.self, KLDCommand.self, EvalCommand.self,
            QualityCommand.self,
        ])

    static func main() {
        Interrupt.ignoreClosedPipes()
        Interrupt.explainBusErrors()
        do {
            var command = try parseAsRoot()
            try command.run()
            end()
        } catch is ClosedPipe {
            end(ExitCode(141))  // as if ended by SIGPIPE: quietly
        } catch {
            end(error)
        }
    }

    /// Ends the program. Nothing is buffered, so where OpenBLAS would keep `exit` waiting it can end at once.
    private static func end(_ error: (any Error)? = nil) -> Never {
        guard BLASLibrary.isShortOfMemory else { exit(withError: error) }
        let message = error.map { fullMessage(for: $0) } ?? ""
        if !message.isEmpty { Output.note(message + "\n") }
        _exit(error.map { exitCode(for: $0).rawValue } ?? 0)
    }
}
