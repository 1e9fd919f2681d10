extension Q6_K: IndependentBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        let groups = (0..<16).map { Array(block.group($0, 16)) }
        let found = (0..<16).map { g in
            let weights = importance.map { Array($0.group(g, 16)) } ?? groups[g].map { $0 * $0 }
            return ScaleSearch.scale(groups[g], weights: weights, bound: 32)
        }
        let extreme = found.map(\.scale).reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
        guard extreme.magnitude >= ScaleSearch.leastMagnitude else { return Array(repeating: 0, count: bytes) }
        let inverse = -128 / extreme
        let d = half(1 / inverse)
        let scales = found.map { Int8(truncatingIfNeeded: min(nearest(inverse * $0.scale), 127)) }
        var codes: [UInt8] = []  // a code plus 32
        for g in 0..<16 {
            let scale = float(half: d) * Float(scales[g])
            // Groups whose scale became 0 keep the codes of the search.
            let coded =
                scale == 0 ? found[g].codes : groups[g].map { nearest($0 / scale).clamped(to: -32...31) + 32 }
            codes += coded.map { UInt8($0) }
        }
        var bytes: [UInt8] = []
        for half in 0..<2 {
            for i in 0..<64 { bytes.append(codes[128 * half + i] & 15 | codes[128 * half + 64 + i] << 4) }
        }
        for half in 0..<2 {
            for i in 0..<32 {
                bytes.append((0..<4).reduce(0) { $0 | (codes[128 * half + 32 * $1 + i] >> 4) << UInt8(2 * $1) })
            }
        }
        bytes += scales.map { UInt8(bitPattern: $0) }
        bytes.append(half: d)
        return bytes
    }
}
