/// The search for the scale of a group of weights, under weights of their errors.
///
/// Source: `make_qx_quants`, `make_q3_quants`, `make_qkx2_quants`, `make_qkx3_quants` and `make_qp_quants` of
/// ggml-quants.c, whose candidates and order of operations these keep.
enum ScaleSearch {
    /// Below it a group is zeros.
    static let leastMagnitude: Float = 1e-15

    /// Candidates for the number of steps from the least to the largest weight: top + first + i * step, 0 <= i <= last.
    struct Candidates {
        let first: Float
        let step: Float
        let last: Int
        /// Whether errors are compared by size, not by square.
        var isAbsolute = false

        static let withImportance = Candidates(first: -0.9, step: 0.05, last: 36)
    }

    /// x = scale * code - min with codes 0 ... top, min not negative.
    ///
    /// Each candidate gives codes, the codes give scale and min by least squares, and the best of these stay. Later
    /// candidates start from the min that is the best so far.
    static func scaleAndMin(
        _ x: [Float], weights w: [Float], top: Int, _ candidates: Candidates
    ) -> (scale: Float, min: Float, codes: [Int]) {
        var least = x[0]
        var largest = x[0]
        var (sumW, sumX) = (w[0], w[0] * x[0])
        for i in 1..<x.count {
            if x[i] < least { least = x[i] }
            if x[i] > largest { largest = x[i] }
            sumW += w[i]
            sumX += w[i] * x[i]
        }
        var min = least > 0 ? 0 : least
        guard largest > min else { return (0, -min, Array(repeating: 0, count: x.count)) }

        func codes(_ inverse: Float) -> [Int] { x.map { nearest(inverse * ($0 - min)).clamped(to: 0...top) } }
        func error(_ codes: [Int], _ scale: Float, _ min: Float) -> Float {
            x.indices.reduce(0) { sum, i in
                let difference = scale * Float(codes[i]) + min - x[i]
                return sum + w[i] * (candidates.isAbsolute ? difference.magnitude : difference * difference)
            }
        }
        let first = Float(top) / (largest - min)
        var best = (scale: 1 / first, codes: codes(first))
        var bestError = error(best.codes, best.scale, min)
        for i in 0...candidates.last {
            let inverse = (candidates.first + candidates.step * Float(i) + Float(top)) / (largest - min)
            let codes = codes(inverse)
            var (sumL, sumL2, sumXL): (Float, Float, Float) = (0, 0, 0)
            for (i, code) in codes.enumerated() {
                let l = Float(code)
                sumL += w[i] * l
                sumL2 += w[i] * l * l
                sumXL += w[i] * l * x[i]
            }
            let determinant = sumW * sumL2 - sumL * sumL
            guard determinant > 0 else { continue }
            var fitted = (sumW * sumXL - sumX * sumL) / determinant
            var fittedMin = (sumL2 * sumX - sumL * sumXL) / determinant
            if fittedMin > 0 { (fitted, fittedMin) = (sumXL / sumL2, 0) }
            let error = error(codes, fitted, fittedMin)
            guard error < bestError else { continue }
            (bestError, best, min) = (error, (fitted, codes), fittedMin)
        }
        return (best.scale, -min, best.codes)
    }

    /// x = scale * code with codes -bound ..< bound, given as code + bound. Zeros give scale 0 and codes 0, without the
    /// offset.
    static func scale(_ x: [Float], weights w: [Float], bound: Int) -> (scale: Float, codes: [Int]) {
        guard let extreme = extreme(x) else { return (0, Array(repeating: 0, count: x.count)) }
        func codes(_ inverse: Float) -> [Int] { x.map { nearest(inverse * $0).clamped(to: -bound...bound - 1) } }
        var best: (scale: Float, score: Float, codes: [Int]) = (0, 0, [])
        // the middle first, then the other candidates in ascending order
        for offset in [0] + (-9...9).filter({ $0 != 0 }) {
            let codes = codes(-(Float(bound) + 0.1 * Float(offset)) / extreme)
            let (lx, l2) = products(x, w, codes)
            if offset == 0 {
                let scale = l2 == 0 ? 0 : lx / l2
                best = (scale, scale * lx, codes)
            } else if l2 > 0, lx * lx > best.score * l2 {
                best = (lx / l2, lx / l2 * lx, codes)
            }
        }
        return (best.scale, best.codes.map { $0 + bound })
    }

    /// The same with weights x^2 and another search: the first codes come from the extreme weight, then each code in turn
    /// takes the value that suits the others best.
    static func refinedScale(_ x: [Float], bound: Int) -> (scale: Float, codes: [Int]) {
        guard let extreme = extreme(x) else { return (0, Array(repeating: 0, count: x.count)) }
        let w = x.map { $0 * $0 }
        let inverse = Float(-bound) / extreme
        var codes = x.map { nearest(inverse * $0).clamped(to: -bound...bound - 1) }
        var (lx, l2) = products(x, w, codes)
        for _ in 0..<5 {
            var hasChanged = false
            for i in x.indices {
                let old = Float(codes[i])
                var (otherLX, otherL2) = (lx - w[i] * x[i] * old, l2 - w[i] * old * old)
                guard otherLX > 0 else { continue }
                let code = nearest(x[i] * otherL2 / otherLX).clamped(to: -bound...bound - 1)
                guard code != codes[i] else { continue }
                otherLX += w[i] * x[i] * Float(code)
                otherL2 += w[i] * Float(code) * Float(code)
                guard otherL2 > 0, otherLX * otherLX * l2 > lx * lx * otherL2 else { continue }
                (codes[i], lx, l2, hasChanged) = (code, otherLX, otherL2, true)
            }
            if !hasChanged { break }
        }
        return (l2 > 0 ? lx / l2 : 0, codes.map { $0 + bound })
    }

    /// The scale of numbers that are not negative, such as the scales of a super-block, and codes 0 ... top.
    static func positiveScale(_ x: [Float], weights w: [Float], top: Int) -> (scale: Float, codes: [UInt8]) {
        let largest = x.reduce(0) { $0 > $1 ? $0 : $1 }
        guard largest >= leastMagnitude else { return (0, Array(repeating: 0, count: x.count)) }
        func error(_ scale: Float, _ codes: [Int]) -> Float {
            x.indices.reduce(0) { sum, i in
                let difference = x[i] - scale * Float(codes[i])
                return sum + w[i] * difference * difference
            }
        }
        func codes(_ inverse: Float) -> [Int] { x.map { Swift.min(nearest(inverse * $0), top) } }
        var inverse = Float(top) / largest
        var bestError = error(1 / inverse, x.map { Int(UInt8(truncatingIfNeeded: nearest(inverse * $0))) })
        for offset in -4...4 where offset != 0 {
            let candidate = (0.1 * Float(offset) + Float(top)) / largest
            let error = error(1 / candidate, codes(candidate))
            if error < bestError { (bestError, inverse) = (error, candidate) }
        }
        let first = codes(inverse)
        var (lx, l2) = products(x, w, first)
        var codes = first.map { UInt8(truncatingIfNeeded: $0) }
        for _ in 0..<5 {
            var hasChanged = false
            for i in x.indices {
                let old = Float(codes[i])
                var (otherLX, otherL2) = (lx - w[i] * x[i] * old, l2 - w[i] * old * old)
                guard otherLX > 0, otherL2 > 0 else { continue }
                let code = Swift.min(nearest(x[i] * otherL2 / otherLX), top)
                guard code != Int(codes[i]) else { continue }
                otherLX += w[i] * x[i] * Float(code)
                otherL2 += w[i] * Float(code) * Float(code)
                guard otherLX * otherLX * l2 > lx * lx * otherL2 else { continue }
                (codes[i], lx, l2, hasChanged) = (UInt8(truncatingIfNeeded: code), otherLX, otherL2, true)
            }
            if !hasChanged { break }
        }
        return (l2 > 0 ? lx / l2 : 0, codes)
    }

    /// The weight of the largest magnitude, the first of them; nil if all are as good as zero.
    private static func extreme(_ x: [Float]) -> Float? {
        let extreme = x.reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
        return extreme.magnitude < leastMagnitude ? nil : extreme
    }

    /// Sums of w * x * code and of w * code^2.
    private static func products(_ x: [Float], _ w: [Float], _ codes: [Int]) -> (lx: Float, l2: Float) {
        var (lx, l2): (Float, Float) = (0, 0)
        for (i, code) in codes.enumerated() {
            lx += w[i] * x[i] * Float(code)
            l2 += w[i] * Float(code) * Float(code)
        }
        return (lx, l2)
    }
}

/// The importances of a group, each times the root of its squared weight and the mean of the squares around it.
func importanceWeights(_ importance: ArraySlice<Float>, _ x: [Float], mean: Float) -> [Float] {
    zip(importance, x).map { $0 * (mean + $1 * $1).squareRoot() }
}

extension ArraySlice<Float> {
    /// Group `index` of those of `length`.
    func group(_ index: Int, _ length: Int) -> ArraySlice<Float> { dropFirst(index * length).prefix(length) }
}
