/// The masks of positions that came up lately; those unused longest go first.
struct MaskCache {
    private struct Entry {
        let mask: TokenMask
        var used: Int
    }

    static let capacity = 128
    private var entries: [GrammarPosition: Entry] = [:]
    private var clock = 0
    private var vocabulary: ObjectIdentifier?

    mutating func find(_ position: GrammarPosition, _ vocabulary: VocabularyIndex) -> TokenMask? {
        guard self.vocabulary == ObjectIdentifier(vocabulary), let index = entries.index(forKey: position) else {
            return nil
        }
        clock += 1
        entries.values[index].used = clock
        return entries.values[index].mask
    }

    mutating func add(_ mask: TokenMask, _ position: GrammarPosition, _ vocabulary: VocabularyIndex) {
        if self.vocabulary != ObjectIdentifier(vocabulary) { entries = [:] }
        self.vocabulary = ObjectIdentifier(vocabulary)
        if entries.count >= Self.capacity, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            entries[oldest.key] = nil
        }
        clock += 1
        entries[position] = Entry(mask: mask, used: clock)
    }
}
