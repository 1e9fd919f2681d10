/// Finds stop strings in text that arrives in pieces, and holds back what may become one.
///
/// Text before a stop string is let through, the stop string and what follows never is.
public struct StopMatcher: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// The stop string that was found.
    public private(set) var match: String?

    public init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Takes the next piece; returns what can be shown now.
    public mutating func append(_ piece: String) -> String {
        guard match == nil else { return "" }
        guard !stops.isEmpty else { return piece }
        held += piece.utf8
        var earliest: (start: Int, stop: [UInt8])?
        for stop in stops {
            if let start = firstIndex(of: stop), start < earliest?.start ?? .max { earliest = (start, stop) }
        }
        if let earliest {
            match = String(decoding: earliest.stop, as: UTF8.self)
            return take(earliest.start)
        }
        return take(held.count - longestBeginning())
    }

    /// The end of the text: what was held back did not become a stop string.
    public mutating func finish() -> String {
        match == nil ? take(held.count) : ""
    }

    private mutating func take(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        return String(decoding: held[..<count], as: UTF8.self)
    }

    private func firstIndex(of stop: [UInt8]) -> Int? {
        guard held.count >= stop.count else { return nil }
        return (0...held.count - stop.count).first { held[$0..<$0 + stop.count].elementsEqual(stop) }
    }

    /// Length of the longest end of the text that is the beginning of a stop string.
    private func longestBeginning() -> Int {
        let longest = stops.map { min($0.count - 1, held.count) }.max() ?? 0
        return stride(from: longest, to: 0, by: -1).first { length in
            stops.contains { $0.count > length && held.suffix(length).elementsEqual($0.prefix(length)) }
        } ?? 0
    }
}
