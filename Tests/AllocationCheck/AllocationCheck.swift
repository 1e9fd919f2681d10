import AllocationCount
import Compute
import Engine
import Gemma
import Tokenizer

/// Fails if a decode step of the model inside the program asks for memory, from any language and on any thread.
///
/// A program of its own: within a test run other tests would be counted too.
@main
enum AllocationCheck {
    /// A step takes memory only where it begins a block of the KV cache, at each 256th position: not at these.
    private static let prompt = 300
    private static let steps = 20

    static func main() throws {
        let settings = EngineSettings()
        var failed = false
        for threads in [1, 2] {
            guard let count = try allocations(threads: threads, settings) else {
                return print("allocations: cannot be counted with this C library")
            }
            print("allocations: \(count) in \(steps) decode steps, threads: \(threads)")
            failed = failed || count > 0
        }
        if failed { throw Failure() }
    }

    private static func allocations(threads: Int, _ settings: EngineSettings) throws -> Int? {
        var settings = settings
        settings.threads = threads
        settings.prefillThreads = threads
        let gemma = try Session(GemmaModel(EmbeddedModel.open()), settings: settings).gemma
        let cache = gemma.makeCache(capacity: 512)
        try gemma.forward((0..<Int32(prompt)).map { $0 + 300 }, cache: cache)
        let token: [TokenID] = [500]
        func step() throws {
            try gemma.forward(token, cache: cache)
            _ = gemma.logits(rows: 0..<1)
        }
        for _ in 0..<3 { try step() }
        let before = allocation_count()
        for _ in 0..<steps { try step() }
        let after = allocation_count()
        return before <= 0 ? nil : after - before
    }
}

struct Failure: Error, CustomStringConvertible {
    let description = "a decode step takes memory; find where with: perf record -e probe_libc:malloc, or heaptrack"
}
