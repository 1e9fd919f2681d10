/// Hashes of a prompt's first 256 B, 1, 4, 16 and 64 KiB. A shorter prompt counts whole.
///
/// Small, because a batch may have a million lines. Two beginnings with one hash cost some sharing and nothing else.
package struct PrefixKey: Equatable {
    private(set) var levels: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0)

    static let ends = [256, 1 << 10, 4 << 10, 16 << 10, 64 << 10]

    /// For lines that have no prompt.
    init() {}

    /// `prompt` is at least the prompt's first 64 KiB; `endpoint` keeps apart what does not share.
    init(_ prompt: some Collection<UInt8>, endpoint: BatchEndpoint) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
        for byte in endpoint.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var rest = prompt.prefix(Self.ends[4])[...]
        var start = 0
        for (level, end) in Self.ends.enumerated() {
            for byte in rest.prefix(end - start) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            rest = rest.dropFirst(end - start)
            start = end
            self[level] = UInt32(truncatingIfNeeded: hash ^ hash >> 32)
        }
    }

    package subscript(level: Int) -> UInt32 {
        get {
            switch level {
            case 0: levels.0
            case 1: levels.1
            case 2: levels.2
            case 3: levels.3
            default: levels.4
            }
        }
        set {
            switch level {
            case 0: levels.0 = newValue
            case 1: levels.1 = newValue
            case 2: levels.2 = newValue
            case 3: levels.3 = newValue
            default: levels.4 = newValue
            }
        }
    }

    package static func == (a: PrefixKey, b: PrefixKey) -> Bool { a.levels == b.levels }
}

/// The order in which lines are run: those that share a beginning stand together, the longer the shared part the closer,
/// and else it is the input's order.
package enum PrefixOrder {
    /// Sorts the places of `entries` that `includes` names. The result depends on the chosen lines alone.
    package static func sorted(_ entries: [LineEntry], including includes: (Int) -> Bool) -> [UInt32] {
        var places = entries.indices.filter(includes).map(UInt32.init)
        var keys = places.map { entries[Int($0)].prefix }
        var order = places.indices.map(UInt32.init)
        order.sort { isBefore(keys[Int($0)], keys[Int($1)], $0, $1) }
        // each group takes the place of its first line, instead of its hash
        for level in PrefixKey.ends.indices.reversed() {
            var start = 0
            while start < order.count {
                let first = keys[Int(order[start])]
                var end = start
                while end < order.count, shares(first, keys[Int(order[end])], through: level) { end += 1 }
                let earliest = order[start..<end].min() ?? 0
                for place in order[start..<end] { keys[Int(place)][level] = earliest }
                start = end
            }
        }
        order.sort { isBefore(keys[Int($0)], keys[Int($1)], $0, $1) }
        for (slot, place) in zip(order.indices, order) { order[slot] = places[Int(place)] }
        places = []
        return order
    }

    private static func isBefore(_ a: PrefixKey, _ b: PrefixKey, _ first: UInt32, _ second: UInt32) -> Bool {
        a.levels == b.levels ? first < second : a.levels < b.levels
    }

    private static func shares(_ a: PrefixKey, _ b: PrefixKey, through level: Int) -> Bool {
        (0...level).allSatisfy { a[$0] == b[$0] }
    }
}
