/// Headers of forms and their parts.
package enum MultipartHead {
    /// The boundary that a Content-Type names; nil where it is of another type or names none.
    package static func boundary(of contentType: String) -> String? {
        let fields = Fields(Array(contentType.utf8)[...])
        guard fields.value == "multipart/form-data", let boundary = fields["boundary"] else { return nil }
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            return nil
        }
        return boundary
    }

    /// Throws: `MultipartError.badHead` for parts without a name, and for those that are encoded.
    static func parse(_ head: ArraySlice<UInt8>) throws(MultipartError) -> MultipartPart {
        var part: MultipartPart?
        for line in lines(head) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                throw .badHead("has a header without a colon")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let fields = Fields(line[(colon + 1)...])
            switch name {
            case "content-disposition":
                guard part == nil else { throw .badHead("has two Content-Disposition headers") }
                guard fields.value == "form-data", let name = fields["name"] else {
                    throw .badHead("has no name in its Content-Disposition")
                }
                part = MultipartPart(name: name, filename: fields["filename"])
            case "content-transfer-encoding":
                guard ["7bit", "8bit", "binary"].contains(fields.value) else {
                    throw .badHead("has a Content-Transfer-Encoding; send it as it is")
                }
            default: break
            }
        }
        guard let part else { throw .badHead("has no Content-Disposition") }
        return part
    }

    private static func lines(_ head: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = head
        while let end = rest.indices.dropLast().first(where: { rest[$0] == 0x0D && rest[$0 + 1] == 0x0A }) {
            lines.append(rest[..<end])
            rest = rest[(end + 2)...]
        }
        return lines + [rest]
    }

    /// A header's value and its parameters: `form-data; name="file"; filename="a.jsonl"`.
    private struct Fields {
        let value: String
        private var parameters: [String: String] = [:]

        subscript(name: String) -> String? { parameters[name] }

        init(_ bytes: ArraySlice<UInt8>) {
            var pieces = Self.split(bytes)
            value = Self.trimmed(pieces.isEmpty ? [] : pieces.removeFirst()).lowercased()
            for piece in pieces {
                guard let equals = piece.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = Self.trimmed(piece[..<equals]).lowercased()
                // the first one counts, as for browsers
                if parameters[name] == nil { parameters[name] = Self.unquoted(piece[(equals + 1)...]) }
            }
        }

        /// At semicolons that are in no quotes.
        private static func split(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
            var pieces: [ArraySlice<UInt8>] = []
            var start = bytes.startIndex
            var isQuoted = false
            var isEscaped = false
            for place in bytes.indices {
                let byte = bytes[place]
                if isEscaped {
                    isEscaped = false
                } else if isQuoted, byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted.toggle()
                } else if byte == UInt8(ascii: ";"), !isQuoted {
                    pieces.append(bytes[start..<place])
                    start = place + 1
                }
            }
            return pieces + [bytes[start...]]
        }

        private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            var rest = bytes.drop(while: isSpace)
            while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
            return String(decoding: rest, as: UTF8.self)
        }

        /// A backslash before a quote or a backslash is none of the name.
        private static func unquoted(_ bytes: ArraySlice<UInt8>) -> String {
            let text = Array(trimmed(bytes).utf8)
            guard text.count >= 2, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"") else {
                return String(decoding: text, as: UTF8.self)
            }
            var result: [UInt8] = []
            var rest = text[1..<(text.count - 1)]
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "\\"), let next = rest.first,
                    next == UInt8(ascii: "\\") || next == UInt8(ascii: "\"")
                {
                    result.append(next)
                    rest = rest.dropFirst()
                } else {
                    result.append(byte)
                }
            }
            return String(decoding: result, as: UTF8.self)
        }
    }
}
