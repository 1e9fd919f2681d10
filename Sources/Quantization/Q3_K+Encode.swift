extension Q3_K: IndependentBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        let groups = (0..<16).map { Array(block.group($0, 16)) }
        let found: [(scale: Float, codes: [Int])]
        let d: UInt16
        let steps: [UInt8]  // a scale plus 32
        if let importance {
            let mean = 2 * block.sumOfSquares / 256
            let weights = (0..<16).map { importanceWeights(importance.group($0, 16), groups[$0], mean: mean) }
            found = zip(groups, weights).map { ScaleSearch.scale($0, weights: $1, bound: 4) }
            let scale = ScaleSearch.scale(found.map(\.scale), weights: weights.map(\.orderedSum), bound: 32)
            (d, steps) = (half(scale.scale), scale.codes.map { UInt8($0) })
        } else {
            found = groups.map { ScaleSearch.refinedScale($0, bound: 4) }
            (d, steps) = stepsOfLargest(found.map(\.scale))
        }
        var codes: [UInt8] = []  // a code plus 4
        for g in 0..<16 {
            let scale = float(half: d) * Float(Int(steps[g]) - 32)
            // Groups whose scale became 0 keep the codes of the search.
            let coded =
                scale == 0 ? found[g].codes : groups[g].map { nearest($0 / scale).clamped(to: -4...3) + 4 }
            codes += coded.map { UInt8($0) }
        }
        var bytes = (0..<32).map { i in (0..<8).reduce(0 as UInt8) { $0 | (codes[32 * $1 + i] >> 2) << UInt8($1) } }
        bytes += packedTwoBits(codes)
        bytes += (0..<8).map { steps[$0] & 15 | steps[$0 + 8] << 4 }
        bytes += (0..<4).map { g in (0..<4).reduce(0) { $0 | (steps[g + 4 * $1] >> 4) << UInt8(2 * $1) } }
        bytes.append(half: d)
        return bytes
    }

    private static func stepsOfLargest(_ scales: [Float]) -> (d: UInt16, steps: [UInt8]) {
        let extreme = scales.reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
        guard extreme != 0 else { return (0, Array(repeating: 0, count: scales.count)) }
        let inverse = -32 / extreme
        let steps = scales.map { scale in
            UInt8(Int(Int8(truncatingIfNeeded: nearest(inverse * scale))).clamped(to: -32...31) + 32)
        }
        return (half(1 / inverse), steps)
    }
}
