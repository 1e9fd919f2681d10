import BatchRunner
import Gemma

/// Answers the lines of a batch with an engine.
struct EngineAnswerer: BatchAnswering {
    init(_ model: GemmaModel, setup: BatchSetup) throws {
        throw NotYet()
    }

    func answer(_ line: BatchLine) async -> BatchAnswer {
        .failure(code: "internal_error", message: "There is no engine behind this batch.")
    }

    private struct NotYet: Error, CustomStringConvertible {
        let description = "carat batch has no engine yet."
    }
}
