/// A line of the output.
enum ResultLine {
    /// What a line of an earlier run says.
    struct Parsed: Equatable {
        let number: Int
        /// Counted from 1; nil for the only result of a line.
        let window: Int?
        /// Of how many windows the line's result consists.
        let windows: Int
        /// The input line's name, without the window's mark.
        let customID: String
        let isFailed: Bool
    }

    /// The lines that `answer` becomes, each with its end, and whether it failed. Precondition: not cancelled.
    static func encode(_ answer: BatchAnswer, number: Int, customID: String) -> (bytes: [UInt8], isFailed: Bool) {
        switch answer {
        case .response(let response):
            return encode([response], isSplit: false, number, customID)
        case .windows(let responses):
            guard responses.isEmpty else { return encode(responses, isSplit: true, number, customID) }
            let message = "The answer has no windows. This is a mistake in Carat."
            return (failure("internal_error", message, number, customID), true)
        case .failure(let code, let message):
            return (failure(code, message, number, customID), true)
        case .cancelled:
            preconditionFailure("a cancelled answer to line \(number) was to be written")
        }
    }

    private static func encode(
        _ responses: [BatchResponse], isSplit: Bool, _ number: Int, _ customID: String
    ) -> (bytes: [UInt8], isFailed: Bool) {
        var text = JSONText()
        var isFailed = false
        for (place, response) in responses.enumerated() {
            let body = Array(response.body)
            var scan = JSONScan(body)
            guard (try? scan.object()) != nil, String(validating: body, as: UTF8.self) != nil else {
                let message = "The answer is no JSON object. This is a mistake in Carat."
                return (failure("internal_error", message, number, customID), true)
            }
            isFailed = isFailed || response.statusCode != 200
            let suffix = isSplit ? "_\(place + 1)" : ""
            text.raw("{\"id\":\"batch_req_\(number)\(suffix)\",\"custom_id\":")
            text.string(isSplit ? "\(customID)#\(place + 1)" : customID)
            text.raw(",\"response\":{\"status_code\":\(response.statusCode),\"request_id\":\"req_\(number)\(suffix)\"")
            text.raw(",\"body\":")
            text.raw(JSONText.compact(body))
            text.raw("},\"error\":null")
            if isSplit { text.raw(",\"windows\":\(responses.count)") }
            text.raw("}\n")
        }
        return (text.bytes, isFailed)
    }

    private static func failure(_ code: String, _ message: String, _ number: Int, _ customID: String) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"id\":\"batch_req_\(number)\",\"custom_id\":")
        text.string(customID)
        text.raw(",\"response\":null,\"error\":{\"code\":")
        text.string(code)
        text.raw(",\"message\":")
        text.string(message)
        text.raw("}}\n")
        return text.bytes
    }

    static func encode(_ fault: LineFault, number: Int) -> [UInt8] {
        if let code = fault.code { return failure(code, fault.message, number, fault.customID) }
        let answer = BatchAnswer.refusal(message: fault.message)
        return encode(answer, number: number, customID: fault.customID).bytes
    }

    /// Throws: `JSONFault` with the reason why `bytes` is no such line.
    static func parse(_ bytes: [UInt8]) throws(JSONFault) -> Parsed {
        var scan = JSONScan(bytes)
        guard String(validating: bytes, as: UTF8.self) != nil else { throw JSONFault(reason: "it is not UTF-8") }
        try scan.object()
        guard let id = scan.string(scan.value("id")), let name = scan.string(scan.value("custom_id")),
            let response = scan.value("response"), scan.value("error") != nil
        else { throw JSONFault(reason: "it lacks id, custom_id, response or error") }
        let (number, window) = try position(id)
        return Parsed(
            number: number, window: window, windows: try windows(scan, bytes, window),
            customID: try plainName(name, window), isFailed: try !isSuccess(response, scan, bytes))
    }

    private static func position(_ id: String) throws(JSONFault) -> (number: Int, window: Int?) {
        let digits = id.hasPrefix("batch_req_") ? id.dropFirst(10).split(separator: "_") : []
        let numbers = digits.compactMap { Int($0) }
        guard (1...2).contains(numbers.count), numbers.count == digits.count, numbers.allSatisfy({ $0 > 0 }) else {
            throw JSONFault(reason: "its id is not of this program's form")
        }
        return (numbers[0], numbers.count == 2 ? numbers[1] : nil)
    }

    private static func windows(_ scan: JSONScan, _ bytes: [UInt8], _ window: Int?) throws(JSONFault) -> Int {
        guard let window else { return 1 }
        guard let range = scan.value("windows"), let count = Int(String(decoding: bytes[range], as: UTF8.self)),
            window <= count
        else { throw JSONFault(reason: "it does not say of how many windows it is one") }
        return count
    }

    private static func plainName(_ name: String, _ window: Int?) throws(JSONFault) -> String {
        guard let window else { return name }
        let mark = "#\(window)"
        guard name.hasSuffix(mark) else { throw JSONFault(reason: "its custom_id lacks \(mark)") }
        return String(name.dropLast(mark.count))
    }

    private static func isSuccess(
        _ response: Range<Int>, _ scan: JSONScan, _ bytes: [UInt8]
    ) throws(JSONFault) -> Bool {
        if scan.isNull(response) { return false }
        var inner = JSONScan(bytes, in: response)
        try inner.object()
        guard let status = inner.value("status_code") else { throw JSONFault(reason: "it has no status_code") }
        return bytes[status].elementsEqual("200".utf8)
    }
}
