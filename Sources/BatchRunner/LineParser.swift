#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What a line's envelope says.
struct LineEnvelope {
    let customID: String
    let endpoint: BatchEndpoint
    /// Where the body stands in the line.
    let body: Range<Int>
    /// Where the prompt stands in the line, quotes and brackets included; empty where there is none.
    let prompt: Range<Int>
}

/// Checks the envelope of one line of a batch file.
enum LineParser {
    static let longestID = 512

    /// Throws: `LineFault`, with the line's own name where that can be read.
    static func parse(_ bytes: [UInt8], number: Int) throws(LineFault) -> LineEnvelope {
        var scan = JSONScan(bytes)
        var name = "line-\(number)"
        do throws(JSONFault) {
            try scan.object()
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw JSONFault(reason: "it is not UTF-8")
            }
            let id = try customID(scan)
            name = id
            return try envelope(scan, bytes, id)
        } catch {
            if let id = try? customID(scan) { name = id }
            throw LineFault(customID: name, message: "Line \(number) is no request: \(error.reason).")
        }
    }

    /// The name of a line of which only the beginning is known.
    static func customID(ofBeginning bytes: [UInt8], number: Int) -> String {
        var scan = JSONScan(bytes)
        try? scan.object()
        return (try? customID(scan)) ?? "line-\(number)"
    }

    private static func customID(_ scan: JSONScan) throws(JSONFault) -> String {
        guard let range = scan.value("custom_id") else { throw JSONFault(reason: "custom_id is missing") }
        guard let id = scan.string(range) else { throw JSONFault(reason: "custom_id is not a string") }
        guard !id.isEmpty else { throw JSONFault(reason: "custom_id is empty") }
        guard id.utf8.count <= longestID else {
            throw JSONFault(reason: "custom_id has \(id.utf8.count) bytes, and \(longestID) are the most")
        }
        return id
    }

    private static func envelope(
        _ scan: JSONScan, _ bytes: [UInt8], _ id: String
    ) throws(JSONFault) -> LineEnvelope {
        guard let method = scan.value("method") else { throw JSONFault(reason: "method is missing") }
        guard scan.string(method) == "POST" else { throw JSONFault(reason: "method is not \"POST\"") }
        guard let url = scan.value("url") else { throw JSONFault(reason: "url is missing") }
        guard let endpoint = scan.string(url).flatMap(BatchEndpoint.init) else {
            let known = BatchEndpoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw JSONFault(reason: "url is none of \(known)")
        }
        guard let body = scan.value("body") else { throw JSONFault(reason: "body is missing") }
        guard bytes[body.lowerBound] == UInt8(ascii: "{") else { throw JSONFault(reason: "body is not an object") }
        var inner = JSONScan(bytes, in: body)
        try inner.object()
        if let stream = inner.value("stream"), inner.isTrue(stream) {
            throw JSONFault(reason: "stream is true, and a batch has nobody to stream to")
        }
        let prompt = inner.value(endpoint.promptKey) ?? body.lowerBound..<body.lowerBound
        return LineEnvelope(customID: id, endpoint: endpoint, body: body, prompt: prompt)
    }
}
