/// Seeded random token ids, the same in every run. Source: Steele, Lea and Flood 2014, SplitMix64.
struct RandomTokens {
    private var state: UInt64 = 42
    private let vocabularyCount: Int

    init(vocabularyCount: Int) { self.vocabularyCount = vocabularyCount }

    mutating func next() -> Int32 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        let value = (z ^ (z >> 31)) % UInt64(max(1, vocabularyCount))
        return Int32(truncatingIfNeeded: value)
    }

    mutating func next(_ count: Int) -> [Int32] { (0..<count).map { _ in next() } }
}
