extension Q5_K: IndependentBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        let groups = LongGroups(
            block, importance, top: 31, ScaleSearch.Candidates(first: -0.5, step: 0.1, last: 15))
        let codes = groups.codes
        var bytes = groups.head
        bytes += (0..<32).map { i in (0..<8).reduce(0) { $0 | (codes[32 * $1 + i] >> 4) << UInt8($1) } }
        for pair in 0..<4 {
            for i in 0..<32 { bytes.append(codes[64 * pair + i] & 15 | codes[64 * pair + 32 + i] << 4) }
        }
        return bytes
    }
}
