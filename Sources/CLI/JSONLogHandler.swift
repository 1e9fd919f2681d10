import Foundation
import JSON
import Logging
import OpenAI

/// Log lines as JSON objects, for collectors that read such.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var members: [String: JSONValue] = [:]
        for (name, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            members[name] = .string("\(value)")
        }
        members["time"] = .string(Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        members["level"] = .string(event.level.rawValue)
        members["message"] = .string("\(event.message)")
        // in one write, so that lines of several threads stay whole
        FileHandle.standardError.write(Data(JSONValue.object(members).serialized + [10]))
    }
}
