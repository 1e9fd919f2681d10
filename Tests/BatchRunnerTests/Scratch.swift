import BatchRunner
import Foundation
import TestSupport

extension Scratch {
    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
    func lines(_ name: String) throws -> [String] {
        try text(name).split(separator: "\n").map(String.init)
    }

    @discardableResult
    func write(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
        let file = URL(filePath: path(name))
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content).write(to: file)
        return path(name)
    }

    func input(_ lines: [String], limit: Int = BatchInput.lineLimit) throws -> BatchInput {
        try input(text: lines.joined(separator: "\n") + "\n", limit: limit)
    }

    func input(text: String, limit: Int = BatchInput.lineLimit) throws -> BatchInput {
        try BatchInput(lines: InputFile(write("in.jsonl", text.utf8)), lineLimit: limit)
    }

    /// Opens, resumes and runs to the end.
    @discardableResult
    func run(
        _ input: BatchInput, to name: String = "out.jsonl", errors: String? = nil, answerer: FakeAnswerer = .init(),
        concurrency: Int = 4, options: String = "o", shard: Shard = .whole, restarts: Bool = false,
        writer: @escaping @Sendable (Int, Int) -> Errors? = { _, _ in nil }
    ) async throws -> BatchProgress {
        let calls = Counter()
        let output = try BatchOutput(path(name), errorFile: errors.map(path)) { descriptor, bytes in
            if let fault = writer(calls.next(), bytes.count) {
                if fault.kept > 0 { _ = try ResultFile.systemWrite(descriptor, bytes.prefix(fault.kept)) }
                throw fault.reason
            }
            return try ResultFile.systemWrite(descriptor, bytes)
        }
        try output.resume(input, options: options, shard: shard, restarts: restarts)
        return try await BatchJob(input, shard: shard, concurrency: concurrency).run(answerer, output: output)
    }
}

func request(_ id: String, prompt: String = "Hello", url: String = "/v1/completions") -> String {
    let encoder = JSONEncoder()
    let quoted = { (text: String) in
        (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
    return """
        {"custom_id":\(quoted(id)),"method":"POST","url":"\(url)","body":{"model":"m","prompt":\(quoted(prompt))}}
        """
}
