import JSON

/// A seeded source: SplitMix64.
struct Draw {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(limit))
    }
}

func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8), limit: 1 << 26) }
