/// A call that has not returned.
///
/// Immutable and shared by all positions that came through it.
final class Frame: Sendable, Hashable {
    let resume: Int32
    let parent: Frame?
    /// Arrays and objects that what was called stands in.
    let depth: Int
    private let hash: Int

    init(resume: Int32, parent: Frame?, isNested: Bool) {
        self.resume = resume
        self.parent = parent
        depth = (parent?.depth ?? 0) + (isNested ? 1 : 0)
        var hasher = Hasher()
        hasher.combine(resume)
        hasher.combine(depth)
        hasher.combine(parent?.hash)
        hash = hasher.finalize()
    }

    static func == (one: Frame, other: Frame) -> Bool {
        var (one, other) = (one, other)
        while one !== other {
            guard one.hash == other.hash, one.resume == other.resume, one.depth == other.depth else { return false }
            switch (one.parent, other.parent) {
            case (nil, nil): return true
            case (let first?, let second?): (one, other) = (first, second)
            default: return false
            }
        }
        return true
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// One way in which a machine may have taken a text.
struct Configuration: Sendable, Hashable {
    let state: Int32
    let frame: Frame?

    var depth: Int { frame?.depth ?? 0 }
}

/// How far a text has come in a grammar.
public struct GrammarPosition: Sendable, Hashable {
    /// In the order of the schema. Each can take some byte.
    let configurations: [Configuration]
    /// Whether the text may end here.
    public let isAccepting: Bool

    /// Whether the text is complete, so that nothing can follow.
    public var isComplete: Bool { isAccepting && configurations.isEmpty }
}

extension Machine {
    /// Ways that are followed at the same time, and those of them that differ only in the calls they stand in. What is
    /// beyond is no longer open to the text, which stays a good one.
    static let maxConfigurations = 1024
    static let maxFrames = 8

    /// Where texts begin.
    var beginning: GrammarPosition { settled([Configuration(state: start, frame: nil)]) }

    /// Where a byte leads, nil where it cannot come; and the bytes around it that lead to the same place.
    func step(_ position: GrammarPosition, _ byte: UInt8) -> (next: GrammarPosition?, alike: ClosedRange<UInt8>) {
        var next: [Configuration] = []
        var (least, greatest) = (UInt8.min, UInt8.max)
        for configuration in position.configurations {
            for edge in self[configuration.state].bytes {
                if edge.range.upperBound < byte {
                    least = max(least, edge.range.upperBound + 1)
                    continue
                }
                if edge.range.lowerBound > byte {
                    greatest = min(greatest, edge.range.lowerBound - 1)
                    continue
                }
                least = max(least, edge.range.lowerBound)
                greatest = min(greatest, edge.range.upperBound)
                var frame = configuration.frame
                if edge.resume >= 0 {
                    guard isOpen(edge.resume, at: configuration.depth) else { continue }
                    frame = Frame(resume: edge.resume, parent: frame, isNested: false)
                }
                next.append(Configuration(state: edge.target, frame: frame))
            }
        }
        guard !next.isEmpty else { return (nil, least...greatest) }
        let position = settled(next)
        return (position.configurations.isEmpty && !position.isAccepting ? nil : position, least...greatest)
    }

    /// Whether a text can still be brought to an end that goes through `state`.
    private func isOpen(_ state: Int32, at depth: Int) -> Bool { depth + self[state].height < Self.maxDepth }

    /// Follows what takes no byte.
    private func settled(_ configurations: [Configuration]) -> GrammarPosition {
        var found: [Configuration] = []
        var isAccepting = false
        // most states come up once: only for the others is there a list
        var seen: [Int32: Frame?] = [:]
        var others: [Int32: [Frame?]] = [:]
        var waiting = Array(configurations.reversed())
        while let one = waiting.popLast(), found.count < Self.maxConfigurations {
            guard isOpen(one.state, at: one.depth) else { continue }
            if let first = seen[one.state] {
                let more = others[one.state, default: []]
                guard first != one.frame, more.count < Self.maxFrames - 1, !more.contains(one.frame) else { continue }
                others[one.state, default: []].append(one.frame)
            } else {
                seen.updateValue(one.frame, forKey: one.state)
            }
            let state = self[one.state]
            if !state.bytes.isEmpty { found.append(one) }
            if state.isEnd {
                if let frame = one.frame {
                    waiting.append(Configuration(state: frame.resume, frame: frame.parent))
                } else {
                    isAccepting = true
                }
            }
            for edge in state.silent.reversed() {
                var frame = one.frame
                if edge.resume >= 0 {
                    guard isOpen(edge.resume, at: one.depth) else { continue }
                    frame = Frame(resume: edge.resume, parent: frame, isNested: edge.isNested)
                }
                waiting.append(Configuration(state: edge.target, frame: frame))
            }
        }
        return GrammarPosition(configurations: found, isAccepting: isAccepting)
    }
}
