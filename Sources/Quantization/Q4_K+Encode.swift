extension Q4_K: IndependentBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8] {
        let groups = LongGroups(
            block, importance, top: 15, ScaleSearch.Candidates(first: -1, step: 0.1, last: 20))
        var bytes = groups.head
        for pair in 0..<4 {
            for i in 0..<32 { bytes.append(groups.codes[64 * pair + i] | groups.codes[64 * pair + 32 + i] << 4) }
        }
        return bytes
    }
}

/// A super-block of 8 groups of 32 weights, each with a 6-bit scale and a 6-bit min: what ``Q4_K`` and ``Q5_K`` share.
struct LongGroups {
    let d: UInt16
    let dmin: UInt16
    let scales: [UInt8]
    let mins: [UInt8]
    private(set) var codes: [UInt8] = []

    /// `candidates`: those without an importance matrix.
    init(_ block: ArraySlice<Float>, _ importance: ArraySlice<Float>?, top: Int, _ candidates: ScaleSearch.Candidates) {
        let groups = (0..<8).map { Array(block.group($0, 32)) }
        let found: [(scale: Float, min: Float, codes: [Int])]
        if let importance {
            let mean = 2 * block.sumOfSquares / 256
            let weights = (0..<8).map { importanceWeights(importance.group($0, 32), groups[$0], mean: mean) }
            found = zip(groups, weights).map {
                ScaleSearch.scaleAndMin($0, weights: $1, top: top, .withImportance)
            }
            let sums = weights.map(\.orderedSum)
            let scale = ScaleSearch.positiveScale(found.map(\.scale), weights: sums, top: 63)
            let min = ScaleSearch.positiveScale(found.map(\.min), weights: sums, top: 63)
            (d, scales, dmin, mins) = (half(scale.scale), scale.codes, half(min.scale), min.codes)
        } else {
            found = groups.map { x in
                let mean = (x.sumOfSquares / 32).squareRoot()
                return ScaleSearch.scaleAndMin(x, weights: x.map { mean + $0.magnitude }, top: top, candidates)
            }
            (d, scales) = Self.stepsOfLargest(found.map(\.scale))
            (dmin, mins) = Self.stepsOfLargest(found.map(\.min))
        }
        for g in 0..<8 {
            let scale = float(half: d) * Float(scales[g])
            let min = float(half: dmin) * Float(mins[g])
            // Groups whose scale became 0 keep the codes of the search.
            let codes =
                scale == 0
                ? found[g].codes : groups[g].map { nearest(($0 + min) / scale).clamped(to: 0...top) }
            self.codes += codes.map { UInt8($0) }
        }
    }

    private static func stepsOfLargest(_ numbers: [Float]) -> (d: UInt16, steps: [UInt8]) {
        let largest = numbers.reduce(0) { $1 > $0 ? $1 : $0 }
        let inverse = largest > 0 ? 63 / largest : 0
        return (half(largest / 63), numbers.map { min(UInt8(truncatingIfNeeded: nearest(inverse * $0)), 63) })
    }

    /// d, dmin and the twelve bytes of scales and mins: see ``Q4_K/scaleAndMin(_:_:group:)``.
    var head: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(half: d)
        bytes.append(half: dmin)
        bytes += (0..<4).map { scales[$0] | (scales[$0 + 4] >> 4) << 6 }
        bytes += (0..<4).map { mins[$0] | (mins[$0 + 4] >> 4) << 6 }
        bytes += (4..<8).map { scales[$0] & 15 | mins[$0] << 4 }
        return bytes
    }
}
