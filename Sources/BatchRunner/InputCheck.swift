/// What is wrong with the lines of a batch file, found before any is run.
///
/// Reads the file once. Memory: one line, and the digests of the names that were seen, whatever the file has.
package struct InputCheck {
    package struct Fault: Equatable {
        /// As the OpenAI API calls it.
        package let code: String
        package let message: String
        package var param: String?
        /// nil where the file as a whole is at fault.
        package var line: Int?
    }

    /// All lines have this url.
    let endpoint: BatchEndpoint
    /// Longer lines are faults.
    let lineLimit: Int
    let mostLines: Int
    /// Reading ends with so many.
    let mostFaults: Int

    package init(
        _ endpoint: BatchEndpoint, lineLimit: Int = BatchInput.lineLimit, mostLines: Int, mostFaults: Int = 100
    ) {
        self.endpoint = endpoint
        self.lineLimit = lineLimit
        self.mostLines = mostLines
        self.mostFaults = mostFaults
    }

    /// The number of lines that are no blanks, and what is wrong with the first bad ones; a file without lines is at
    /// fault too. Throws: `BatchError` where the file can't be read.
    package func faults(of file: InputFile) throws(BatchError) -> (count: Int, faults: [Fault]) {
        var reading = Reading(check: self)
        var splitter = LineSplitter(limit: lineLimit)
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while !reading.isOver, case let count = try file.read(at: offset, into: &chunk), count > 0 {
            if offset == 0, count >= 2, chunk[0] ^ chunk[1] == 0x01, chunk[0] >= 0xFE {
                return (0, [Fault(code: "invalid_json_line", message: "The file is UTF-16. Send UTF-8.")])
            }
            offset += count
            var rest = chunk[..<count]
            while !reading.isOver, let line = splitter.next(&rest) { reading.use(line) }
        }
        if !reading.isOver, let line = splitter.last() { reading.use(line) }
        if reading.count == 0 {
            reading.faults.append(Fault(code: "empty_file", message: "The file has no lines."))
        }
        return (reading.count, reading.faults)
    }

    private struct Reading {
        let check: InputCheck
        var count = 0
        var faults: [Fault] = []
        var names: Set<IDDigest> = []

        var isOver: Bool { count > check.mostLines || faults.count >= check.mostFaults }

        mutating func use(_ line: LineSplitter.Line) {
            count += 1
            let number = line.number
            guard count <= check.mostLines else {
                let message = "The file has more than \(check.mostLines) lines. Split it."
                faults.append(Fault(code: "too_many_tasks", message: message))
                return
            }
            guard !line.isCut else {
                let message = "Line \(number) has \(line.length) bytes, and \(check.lineLimit) are the most."
                faults.append(Fault(code: "line_too_long", message: message, line: number))
                return
            }
            let envelope: LineEnvelope
            do {
                envelope = try LineParser.parse(line.bytes, number: number)
            } catch {
                faults.append(Fault(code: error.kind, message: error.message, param: error.param, line: number))
                return
            }
            if envelope.endpoint != check.endpoint {
                let message =
                    "Line \(number) has the url \(envelope.endpoint.rawValue), where the batch has \(check.endpoint.rawValue)."
                faults.append(Fault(code: "mismatched_url", message: message, param: "url", line: number))
            }
            if !names.insert(IDDigest(envelope.customID)).inserted {
                let message = "Line \(number) has the custom_id of an earlier line. Give it one of its own."
                faults.append(Fault(code: "duplicate_custom_id", message: message, param: "custom_id", line: number))
            }
        }
    }
}
