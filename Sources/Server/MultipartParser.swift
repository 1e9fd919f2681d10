/// A part of a form, before its content.
package struct MultipartPart: Equatable, Sendable {
    package let name: String
    /// nil for a plain field.
    package let filename: String?
}

/// Reads a form of parts (multipart/form-data) from chunks that are cut anywhere, holding no more of it than a part's head
/// and a boundary.
///
/// Lines end in CRLF, as the format has it; with any other end boundaries are not found, and that is an error. Source:
/// RFC 2046, section 5.1.1, and RFC 7578.
package struct MultipartParser {
    package enum Event: Equatable {
        case part(MultipartPart)
        case content(ArraySlice<UInt8>)
        /// The end of a part's content.
        case end
    }

    private enum State {
        case preamble, afterBoundary, head, content, epilogue
    }

    static let headLimit = 16 << 10
    static let preambleLimit = 4 << 10
    static let partLimit = 64

    /// With the line's end before it, which is not of the content.
    private let boundary: [UInt8]
    private var state = State.preamble
    private var parts = 0
    /// What could not be used yet. A boundary at the very beginning needs no line's end before it.
    private var rest: [UInt8] = [0x0D, 0x0A]
    private var skipped = 0

    package init(boundary: String) {
        self.boundary = Array("\r\n--\(boundary)".utf8)
    }

    /// What `chunk` brings. Throws: `MultipartError`, after which nothing else is to be given.
    package mutating func take(_ chunk: some Sequence<UInt8>) throws(MultipartError) -> [Event] {
        rest += chunk
        var events: [Event] = []
        var at = 0
        while try step(&at, &events) {}
        rest.removeFirst(at)
        return events
    }

    /// Throws: `MultipartError` where the last boundary has not come.
    package func finish() throws(MultipartError) {
        switch state {
        case .epilogue: return
        case .preamble: throw .noBoundary
        case .afterBoundary, .head, .content: throw .cutOff
        }
    }

    /// Uses what stands at `at`; false where more is needed.
    private mutating func step(_ at: inout Int, _ events: inout [Event]) throws(MultipartError) -> Bool {
        switch state {
        case .preamble:
            let (content, isFound) = upToBoundary(at)
            skipped += content.count
            guard skipped <= Self.preambleLimit else { throw .noBoundary }
            at = content.endIndex
            guard isFound else { return false }
            at += boundary.count
            state = .afterBoundary
        case .afterBoundary:
            return try afterBoundary(&at)
        case .head:
            guard rest.count - at >= 2 else { return false }
            guard !rest[at...].starts(with: [0x0D, 0x0A]) else { throw .badHead("has no headers") }
            guard let end = find([0x0D, 0x0A, 0x0D, 0x0A], from: at) else {
                guard rest.count - at <= Self.headLimit else { throw .longHead(limit: Self.headLimit) }
                return false
            }
            guard end - at <= Self.headLimit else { throw .longHead(limit: Self.headLimit) }
            parts += 1
            guard parts <= Self.partLimit else { throw .tooManyParts(limit: Self.partLimit) }
            events.append(.part(try MultipartHead.parse(rest[at..<end])))
            at = end + 4
            state = .content
        case .content:
            let (content, isFound) = upToBoundary(at)
            if !content.isEmpty { events.append(.content(content)) }
            at = content.endIndex
            guard isFound else { return false }
            at += boundary.count
            events.append(.end)
            state = .afterBoundary
        case .epilogue:
            at = rest.count
            return false
        }
        return true
    }

    /// Two hyphens make it the last one; white space may follow, then a line's end.
    private mutating func afterBoundary(_ at: inout Int) throws(MultipartError) -> Bool {
        guard rest.count - at >= 2 else { return false }
        if rest[at] == 0x2D, rest[at + 1] == 0x2D {
            state = .epilogue
            return true
        }
        var end = at
        while end < rest.count, rest[end] == 0x20 || rest[end] == 0x09 { end += 1 }
        guard end - at <= 64 else { throw .badBoundary }
        guard rest.count - end >= 2 else { return false }
        guard rest[end] == 0x0D, rest[end + 1] == 0x0A else { throw .badBoundary }
        at = end + 2
        state = .head
        return true
    }

    /// What is sure to stand before the next boundary, and whether that follows it.
    private func upToBoundary(_ start: Int) -> (content: ArraySlice<UInt8>, isFound: Bool) {
        var from = start
        while let place = rest[from...].firstIndex(of: 0x0D) {
            let count = min(boundary.count, rest.count - place)
            if rest[place..<(place + count)].elementsEqual(boundary[..<count]) {
                return (rest[start..<place], count == boundary.count)
            }
            from = place + 1
        }
        return (rest[start...], false)
    }

    private func find(_ pattern: [UInt8], from start: Int) -> Int? {
        var from = start
        while let place = rest[from...].firstIndex(of: pattern[0]), place + pattern.count <= rest.count {
            if rest[place..<(place + pattern.count)].elementsEqual(pattern) { return place }
            from = place + 1
        }
        return nil
    }
}

/// Why bytes are no form of parts.
package enum MultipartError: Error, Equatable, CustomStringConvertible {
    case noBoundary
    case badBoundary
    case cutOff
    case longHead(limit: Int)
    case badHead(String)
    case tooManyParts(limit: Int)

    package var description: String {
        switch self {
        case .noBoundary:
            "The body does not begin with the boundary that its Content-Type names, on a line that ends in CR LF."
        case .badBoundary: "A boundary of the body is not followed by a line's end."
        case .cutOff: "The body ends before its last boundary."
        case .longHead(let limit): "A part of the body has more than \(limit) bytes of headers."
        case .badHead(let reason): "A part of the body \(reason)."
        case .tooManyParts(let limit): "The body has more than \(limit) parts."
        }
    }
}
