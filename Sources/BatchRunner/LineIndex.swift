/// What is kept of a line until it is run: 56 bytes.
package struct LineEntry {
    /// Where the line begins in the file; with documents their place in the list.
    package let offset: UInt64
    /// The digest of the name that the line's result has.
    package var id: IDDigest
    /// Bytes without the line's end.
    package let length: UInt32
    package let number: UInt32
    package var prefix: PrefixKey
    package var kind = Kind.good

    package enum Kind: UInt8 {
        case good
        /// Its envelope is refused; reading it again says why.
        case bad
        /// Its custom_id stands on an earlier line.
        case duplicate
        /// Longer than the limit; never read as a whole.
        case oversized
    }
}

/// The lines of a batch in the input's order.
package struct LineIndex {
    package private(set) var entries: [LineEntry] = []

    mutating func append(_ entry: LineEntry) { entries.append(entry) }

    /// Marks the later of two lines with one custom_id; its result is then called `line-<number>`, because the name is taken.
    mutating func markDuplicates() {
        var order = entries.indices.map(UInt32.init)
        order.sort { a, b in
            let (first, second) = (entries[Int(a)], entries[Int(b)])
            return first.id == second.id ? first.number < second.number : first.id < second.id
        }
        var marked: [Int] = []
        for (a, b) in zip(order, order.dropFirst()) where entries[Int(a)].id == entries[Int(b)].id {
            marked.append(Int(b))
        }
        for place in marked {
            entries[place].kind = .duplicate
            entries[place].id = IDDigest("line-\(entries[place].number)")
        }
    }

    /// The entry of the line `number`; nil where there is no such line.
    func place(ofLine number: Int) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if Int(entries[middle].number) < number { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && Int(entries[low].number) == number ? low : nil
    }
}
