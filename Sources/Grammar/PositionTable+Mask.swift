extension PositionTable {
    /// The tokens that can come at a position.
    ///
    /// Inside a string nearly all can: those are known beforehand, and only the others are looked at.
    mutating func mask(_ position: GrammarPosition, _ vocabulary: VocabularyIndex) -> TokenMask {
        let ways = position.configurations
        let free = ways.filter { machine[$0.state].freeCharacters > 0 }
        guard let most = free.map({ machine[$0.state].freeCharacters }).max() else {
            return mask(position, vocabulary.all, TokenMask(count: vocabulary.count))
        }
        let strings = GrammarPosition(configurations: free, isAccepting: false)
        let tokens = mask(strings, vocabulary.special, vocabulary.plain(upTo: most))
        guard free.count < ways.count else { return tokens }
        let others = ways.filter { machine[$0.state].freeCharacters == 0 }
        return mask(GrammarPosition(configurations: others, isAccepting: false), vocabulary.all, tokens)
    }

    /// `mask` with the tokens of `trie` that can come.
    private mutating func mask(_ position: GrammarPosition, _ trie: VocabularyTrie, _ mask: TokenMask) -> TokenMask {
        var mask = mask
        if isFull { _ = reset(keeping: []) }
        var path = [id(of: position)]
        var node = 0
        while node < trie.bytes.count {
            let depth = Int(trie.depths[node])
            path.removeSubrange((depth + 1)...)
            let next = step(path[depth], trie.bytes[node])
            if next == Self.dead {
                node = Int(trie.skip[node])
                continue
            }
            path.append(next)
            for index in trie.firstToken[node]..<trie.firstToken[node + 1] {
                mask.insert(Int(trie.tokens[Int(index)]))
            }
            if isFull { path = reset(keeping: path) }
            node += 1
        }
        return mask
    }
}
