extension Q2_K: IndependentBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        let groups = (0..<16).map { Array(block.group($0, 16)) }
        let found: [(scale: Float, min: Float, codes: [Int])]
        let scales: (d: UInt16, steps: [UInt8])
        let mins: (d: UInt16, steps: [UInt8])
        if let importance {
            let mean = block.sumOfSquares / 256
            let weights = (0..<16).map { importanceWeights(importance.group($0, 16), groups[$0], mean: mean) }
            found = zip(groups, weights).map { ScaleSearch.scaleAndMin($0, weights: $1, top: 3, .withImportance) }
            let sums = weights.map(\.orderedSum)
            let scale = ScaleSearch.positiveScale(found.map(\.scale), weights: sums, top: 15)
            let min = ScaleSearch.positiveScale(found.map(\.min), weights: sums, top: 15)
            (scales, mins) = ((half(scale.scale), scale.codes), (half(min.scale), min.codes))
        } else {
            let candidates = ScaleSearch.Candidates(first: -0.5, step: 0.1, last: 15, isAbsolute: true)
            found = groups.map {
                ScaleSearch.scaleAndMin($0, weights: $0.map(\.magnitude), top: 3, candidates)
            }
            (scales, mins) = (stepsOfLargest(found.map(\.scale)), stepsOfLargest(found.map(\.min)))
        }
        var codes: [UInt8] = []
        for g in 0..<16 {
            let scale = float(half: scales.d) * Float(scales.steps[g])
            let min = float(half: mins.d) * Float(mins.steps[g])
            // Groups whose scale became 0 keep the codes of the search.
            let coded =
                scale == 0 ? found[g].codes : groups[g].map { nearest(($0 + min) / scale).clamped(to: 0...3) }
            codes += coded.map { UInt8($0) }
        }
        var bytes = zip(scales.steps, mins.steps).map { $0 | $1 << 4 }
        bytes += packedTwoBits(codes)
        bytes.append(half: scales.d)
        bytes.append(half: mins.d)
        return bytes
    }

    private static func stepsOfLargest(_ numbers: [Float]) -> (d: UInt16, steps: [UInt8]) {
        let largest = numbers.reduce(0) { $1 > $0 ? $1 : $0 }
        guard largest > 0 else { return (0, Array(repeating: 0, count: numbers.count)) }
        let inverse = 15 / largest
        return (half(largest / 15), numbers.map { UInt8(truncatingIfNeeded: nearest(inverse * $0)) })
    }
}

/// Four planes of two bits for each half of a super-block; shared with ``Q3_K``.
func packedTwoBits(_ codes: [UInt8]) -> [UInt8] {
    (0..<64).map { byte in
        let first = byte / 32 * 128 + byte % 32
        return (0..<4).reduce(0) { $0 | (codes[first + 32 * $1] & 3) << UInt8(2 * $1) }
    }
}
