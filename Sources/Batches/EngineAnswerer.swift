package import BatchRunner
package import Engine
import Foundation
import JSON
package import OpenAI
import Synchronization
import Tokenizer

/// Answers the lines of a batch with an engine, which others may use at the same time.
package final class EngineAnswerer: BatchAnswering {
    private let engine: Engine
    private let model: ServedModel
    private let settings: AnswerSettings
    /// What ends the whole batch: lines are left for the next run instead of failing one after the other.
    private let ending = Mutex<EngineError?>(nil)

    package init(_ engine: Engine, model: ServedModel, settings: AnswerSettings) {
        self.engine = engine
        self.model = model
        self.settings = settings
    }

    /// What ended the batch before its time.
    package var failure: EngineError? { ending.withLock { $0 } }

    package func answer(_ line: BatchLine) async -> BatchAnswer {
        do {
            do {
                return .response(try await respond(line, body: line.body, part: ""))
            } catch let error as APIError where error.code == "context_length_exceeded" && settings.overflow == .split {
                guard let windows = try await split(line, error) else { throw error.unsplittable }
                return .windows(windows)
            }
        } catch let error as APIError {
            return .response(BatchResponse(statusCode: error.status, body: Data(error.body.serialized)))
        } catch {
            return .cancelled
        }
    }

    /// Throws: `APIError` where this line is refused, `EngineError` where it is not to be answered now.
    private func respond(_ line: BatchLine, body: Data, part: String) async throws -> BatchResponse {
        let prepared = try prepare(line, body)
        let results = try await run(prepared.requests.enumerated().map { stable($1, line, $0) })
        let stamp = ResponseStamp(id: "batch-\(line.number)\(part)", created: line.created, model: settings.modelName)
        let response = try prepared.response(to: results, stamp: stamp)
        return BatchResponse(
            body: Data(response.serialized), promptTokens: results.reduce(0) { $0 + $1.usage.promptTokens },
            cachedTokens: results.reduce(0) { $0 + $1.usage.cachedTokens },
            generatedTokens: results.reduce(0) { $0 + $1.usage.generatedTokens })
    }

    private func prepare(_ line: BatchLine, _ body: Data) throws(APIError) -> PreparedRequest {
        let endpoint: Endpoint =
            switch line.endpoint {
            case .chatCompletions: .chatCompletions
            case .completions: .completions
            case .embeddings: .embeddings
            case .score: .score
            }
        return try PreparedRequest(endpoint, bytes: Array(body), limit: .max, model: model)
    }

    /// A line's answer depends on the line alone: without a seed of its own it draws by one made of its name.
    private func stable(_ request: EngineRequest, _ line: BatchLine, _ index: Int) -> EngineRequest {
        var request = request
        request.priority = settings.priority
        switch request.task {
        case .generate(var options, let count):
            // each completion of a prompt counts its seed up by one
            if options.sampling.seed == nil { options.sampling.seed = line.stableSeed &+ UInt64(index) << 32 }
            request.task = .generate(options, count: count)
        case .embed:
            request.task = .embed(settings.embedding)
        }
        return request
    }

    private func run(_ requests: [EngineRequest]) async throws -> [EngineResult] {
        do {
            return try await engine.run(requests, atOnce: requests.count)
        } catch let error as EngineError {
            switch error {
            case .cancelled: throw error
            case .modelFileChanged, .closed:
                ending.withLock { $0 = error }
                throw error
            default: throw APIError(error)
            }
        }
    }

    /// The answers for overlapping parts of a text that is too long; nil where there is no text to part.
    private func split(_ line: BatchLine, _ error: APIError) async throws -> [BatchResponse]? {
        guard let text = try SplitText(line) else { return nil }
        let tokenizer = model.tokenizer
        let excess = (error.details["n_prompt_tokens"] ?? 0) - tokenizer.encode(text.text, addBOS: false).count
        var room = model.context - max(0, excess) - text.generatedTokens - 8
        // the parts' tokens may be some more than those of the whole: smaller parts until all fit
        while room >= 64 {
            let parts = DocumentWindows.parts(of: text.text, tokens: room, overlap: room / 8, tokenizer: tokenizer)
            let bodies = parts.map(text.body)
            guard bodies.allSatisfy({ (try? prepare(line, $0)) != nil }) else {
                room -= room / 16 + 1
                continue
            }
            var answers: [BatchResponse] = []
            for (index, body) in bodies.enumerated() {
                answers.append(try await respond(line, body: body, part: "-\(index + 1)"))
            }
            return answers
        }
        return nil
    }
}

extension APIError {
    fileprivate var unsplittable: APIError {
        var error = self
        error.message += """
             --overflow split cannot part it: that takes a prompt of one text, and room for 64 tokens of it beside the \
            rest of the prompt and max_tokens.
            """
        return error
    }
}

extension BatchLine {
    /// FNV-1a of the name, in 32 bits: the same in every run.
    fileprivate var stableSeed: UInt64 {
        UInt64(customID.utf8.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 })
    }
}
