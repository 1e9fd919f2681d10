import ArgumentParser

/// `carat bench`: how fast models and kernels run here. Without a subcommand it measures models.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure tokens per second, or each kernel against this machine's limits.",
        discussion: """
              carat bench -m gemma-2b-Q4_K_M.gguf -p 512 -n 128 -d 0,4096
              carat bench kernels --format Q4_K,Q6_K
              carat bench models --help                    all flags for models
            """,
        subcommands: [BenchModelsCommand.self, BenchKernelsCommand.self],
        defaultSubcommand: BenchModelsCommand.self)
}
