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
    private static let missing = "missing_required_parameter"

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
            throw LineFault(
                customID: name, message: "Line \(number) is no request: \(error.reason).", kind: error.code,
                param: error.param)
        }
    }

    /// The name of a line of which only the beginning is known.
    static func customID(ofBeginning bytes: [UInt8], number: Int) -> String {
        var scan = JSONScan(bytes)
        try? scan.object()
        return (try? customID(scan)) ?? "line-\(number)"
    }

    /// `code` is OpenAI's word for the problem.
    private static func fault(_ member: String, _ problem: String, _ code: String) -> JSONFault {
        JSONFault(reason: "\(member) \(problem)", code: code, param: member)
    }

    private static func customID(_ scan: JSONScan) throws(JSONFault) -> String {
        guard let range = scan.value("custom_id") else { throw fault("custom_id", "is missing", missing) }
        guard let id = scan.string(range) else { throw fault("custom_id", "is not a string", "invalid_custom_id") }
        guard !id.isEmpty else { throw fault("custom_id", "is empty", "invalid_custom_id") }
        guard id.utf8.count <= longestID else {
            throw fault("custom_id", "has \(id.utf8.count) bytes, and \(longestID) are the most", "invalid_custom_id")
        }
        return id
    }

    private static func envelope(
        _ scan: JSONScan, _ bytes: [UInt8], _ id: String
    ) throws(JSONFault) -> LineEnvelope {
        guard let method = scan.value("method") else { throw fault("method", "is missing", missing) }
        guard scan.string(method) == "POST" else { throw fault("method", "is not \"POST\"", "invalid_method") }
        guard let url = scan.value("url") else { throw fault("url", "is missing", missing) }
        guard let endpoint = scan.string(url).flatMap(BatchEndpoint.init) else {
            let known = BatchEndpoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw fault("url", "is none of \(known)", "invalid_url")
        }
        guard let body = scan.value("body") else { throw fault("body", "is missing", missing) }
        guard bytes[body.lowerBound] == UInt8(ascii: "{") else {
            throw fault("body", "is not an object", "invalid_body")
        }
        var inner = JSONScan(bytes, in: body)
        try inner.object()
        if let stream = inner.value("stream"), inner.isTrue(stream) {
            throw JSONFault(
                reason: "stream is true, and a batch has nobody to stream to", code: "invalid_body",
                param: "body.stream")
        }
        let prompt = inner.value(endpoint.promptKey) ?? body.lowerBound..<body.lowerBound
        return LineEnvelope(customID: id, endpoint: endpoint, body: body, prompt: prompt)
    }
}
