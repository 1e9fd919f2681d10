import Batches
import BatchRunner
import Foundation
import Logging
import OpenAI
import Testing
import TestSupport

extension Scratch {
    func store(_ limits: FileStore.Limits = .init()) throws -> FileStore {
        FileStore(try FileFolder(path("files")), limits: limits)
    }

    /// What lies in the store's folder.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path("files")).sorted() }
    }
}

extension FileStore {
    func add(_ text: String, filename: String = "lines.jsonl") async throws -> StoredFile {
        let upload = try FileUpload(to: self)
        try upload.write(Array(text.utf8)[...])
        return try await upload.finish(filename: filename, purpose: .batch)
    }

    func text(_ id: ItemID?) throws -> String {
        let file = try file(try #require(id).description)
        return String(decoding: try open(file).bytes(at: 0, count: file.bytes), as: UTF8.self)
    }
}

extension BatchQueue.Settings {
    static func testing(options: String = "o") -> Self {
        var settings = Self(options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        settings.concurrency = 2
        return settings
    }
}

func line(_ id: String, prompt: String = "Hello", url: String = "/v1/completions") -> String {
    #"{"custom_id":"\#(id)","method":"POST","url":"\#(url)","body":{"prompt":"\#(prompt)"}}"# + "\n"
}

func object(_ text: some StringProtocol) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

/// The names of results, in order.
func names(_ results: String) throws -> [String] {
    try results.split(separator: "\n").map { try #require(try object($0)["custom_id"] as? String) }.sorted()
}
