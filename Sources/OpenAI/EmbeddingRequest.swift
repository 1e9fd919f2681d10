import Engine
import JSON
import Tokenizer

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A checked body of `/v1/embeddings`.
struct EmbeddingRequest: Sendable {
    let requests: [EngineRequest]
    private let encoding: Encoding

    private enum Encoding: String {
        case float
        case base64
    }

    /// Throws: `APIError` naming the parameter at fault.
    init(_ fields: Fields, model: ServedModel) throws(APIError) {
        try UnsupportedFields.embedding.check(fields)
        let name = try fields.string("encoding_format") ?? Encoding.float.rawValue
        guard let encoding = Encoding(rawValue: name) else {
            throw fields.wrong("encoding_format", "is \(APIError.shown(name)), where float or base64 is possible.")
        }
        self.encoding = encoding

        let inputs = try PromptInput.read(fields, "input", vocabulary: model.tokenizer.vocabulary)
        var requests: [EngineRequest] = []
        for (index, input) in inputs.enumerated() {
            let param = inputs.count > 1 ? "input[\(index)]" : "input"
            guard input != .text("") else { throw fields.wrong(param, "is empty, and an empty text has no meaning.") }
            requests.append(
                EngineRequest(
                    prompt: try model.fitting(input.encoded(model.tokenizer), param: param),
                    task: .embed(EmbeddingOptions())))
        }
        self.requests = requests
    }

    /// Throws: `APIError` with status 500 where a vector holds what is not a number.
    func response(to results: [EngineResult], stamp: ResponseStamp) throws(APIError) -> JSONValue {
        var data: [JSONValue] = []
        for (index, result) in results.enumerated() {
            guard result.embedding.allSatisfy(\.isFinite) else {
                throw .server(
                    "The embedding of input \(index) is not made of numbers. Fetch or convert the model again.")
            }
            data.append(["object": "embedding", "index": .integer(index), "embedding": value(result.embedding)])
        }
        let tokens = JSONValue.integer(results.reduce(0) { $0 + $1.usage.promptTokens })
        return [
            "object": "list", "model": .string(stamp.model), "data": .array(data),
            "usage": ["prompt_tokens": tokens, "total_tokens": tokens],
        ]
    }

    private func value(_ vector: [Float]) -> JSONValue {
        switch encoding {
        case .float:
            // the shortest decimals that are read back as the same Float
            .array(vector.map { .number(Double("\($0)") ?? Double($0)) })
        case .base64:
            .string(Data(vector.flatMap { $0.bitPattern.littleEndianBytes }).base64EncodedString())
        }
    }
}

extension UInt32 {
    fileprivate var littleEndianBytes: [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
    }
}
