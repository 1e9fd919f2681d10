public import JSON

/// What a server answered.
public struct HTTPAnswer: Sendable {
    public let status: Int
    /// By lower-case names.
    public let headers: [String: String]
    public var body: [UInt8] = []

    /// - Parameter head: status line and headers.
    init(head: String) throws {
        var lines = head.split(separator: "\r\n").map(String.init)
        let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw RawConnection.Failure.notHTTP(head)
        }
        self.status = status
        headers = Dictionary(
            lines.map { line in
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
            }, uniquingKeysWith: { $0 + ", " + $1 })
    }

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// null where the body is no JSON.
    public var json: JSONValue { (try? JSONValue(parsing: body, limit: .max)) ?? .null }

    /// The error object.
    public var error: JSONValue { json["error"] ?? .null }

    /// The JSON of a stream's events, without the last `[DONE]`.
    public var events: [JSONValue] {
        text.split(separator: "\n\n").compactMap { event in
            guard event.hasPrefix("data: "), event != "data: [DONE]" else { return nil }
            return try? JSONValue(parsing: Array(event.utf8.dropFirst("data: ".utf8.count)), limit: .max)
        }
    }
}

extension HTTPAnswer {
    /// The text of a request to this machine, with a body of JSON where nothing else is said.
    public static func request(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String] = []
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"] + headers
        if let body {
            if !headers.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
                lines.append("Content-Type: application/json")
            }
            lines.append("Content-Length: \(body.utf8.count)")
        }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }
}
