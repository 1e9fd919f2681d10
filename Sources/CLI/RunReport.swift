import Engine
import Planner

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension GenerationResult {
    /// Counts and rates in one line for people.
    var summary: String {
        let t = timings
        var parts = ["prompt \(t.promptTokens) tokens"]
        if let rate = t.prefillRate { parts[0] += " at \(rate.fixed(1))/s" }
        if t.cachedTokens > 0 { parts[0] += " (+\(t.cachedTokens) cached)" }
        if let first = t.firstTokenSeconds { parts.append("first token after \(formatSeconds(first))") }
        parts.append("generated \(t.generatedTokens) tokens" + (t.decodeRate.map { " at \($0.fixed(1))/s" } ?? ""))
        parts.append("ended by \(finishReason.shown)")
        parts.append("seed \(seed)")
        return parts.joined(separator: " | ")
    }
}

extension FinishReason {
    /// For people.
    var shown: String {
        switch self {
        case .endOfText: "the model"
        case .stop: "a stop string"
        case .length: "-n"
        case .contextFull: "a full context"
        case .cancelled: "interruption"
        }
    }
}

/// The outcome of `carat run --json`.
struct RunReport: Encodable {
    let model: String
    let text: String
    let finish_reason: FinishReason
    let seed: UInt64
    let prompt_tokens: Int
    let generated_tokens: Int
    let load_seconds: Double
    let ttft_seconds: Double?
    let prefill_seconds: Double
    let decode_seconds: Double
    let prefill_tokens_per_second: Double?
    let decode_tokens_per_second: Double?
    let threads: Int
    let prefill_threads: Int
    let precision: String

    init(_ result: GenerationResult, loadSeconds: Double, model: String, settings: EngineSettings) {
        self.model = model
        load_seconds = loadSeconds
        text = result.text
        finish_reason = result.finishReason
        seed = result.seed
        prompt_tokens = result.timings.promptTokens
        generated_tokens = result.timings.generatedTokens
        ttft_seconds = result.timings.firstTokenSeconds
        prefill_seconds = result.timings.prefillSeconds
        decode_seconds = result.timings.decodeSeconds
        prefill_tokens_per_second = result.timings.prefillRate
        decode_tokens_per_second = result.timings.decodeRate
        threads = settings.threads
        prefill_threads = settings.prefillThreads
        precision = settings.precision.rawValue
    }

    var json: String {
        get throws { try encodeJSON(self) }
    }
}

/// Pretty JSON with keys in the order of the alphabet.
func encodeJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
