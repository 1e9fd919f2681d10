/// A weight format that rows of floats can be encoded to.
///
/// The encoders here are written to be read; `CKernels` has the fast ones and is tested against these. Both give the
/// bytes of llama.cpp's quantizer: sums go over a group's weights in ascending order, each Float operation is rounded
/// for itself.
public protocol EncodableBlock: WeightBlock {
    /// The blocks of one row.
    ///
    /// - Parameter importance: what the squared error of each weight counts, not negative; nil where nothing is known.
    /// - Precondition: a whole number of blocks; all finite; as many importances as weights
    static func encode(row: [Float], importance: [Float]?) -> [UInt8]
}

/// A format whose blocks are encoded each for itself.
protocol IndependentBlock: EncodableBlock {
    static func encode(block: ArraySlice<Float>, importance: ArraySlice<Float>?) -> [UInt8]
}

extension IndependentBlock {
    public static func encode(row: [Float], importance: [Float]?) -> [UInt8] {
        precondition(row.count.isMultiple(of: weights), "\(row.count) weights in blocks of \(weights)")
        return stride(from: 0, to: row.count, by: weights).flatMap { start in
            let range = start..<start + weights
            return encode(block: row[range], importance: importance.map { $0[range] })
        }
    }
}

/// The nearest integer, halves to even, by adding 1.5 * 2^23: it then stands in the low mantissa bits. For numbers of
/// 2^22 and more it is what these bits hold, as it is for llama.cpp.
func nearest(_ x: Float) -> Int {
    Int((x + 12_582_912).bitPattern & 0x7f_ffff) - 0x40_0000
}

/// Single to half precision, halves to even; too large is infinity.
func half(_ x: Float) -> UInt16 {
    let sign: UInt16 = x.sign == .minus ? 0x8000 : 0
    let magnitude = x.magnitude
    if magnitude.isNaN { return sign | 0x7e00 }
    if magnitude < 0x1p-14 { return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven)) }
    guard magnitude < 65520 else { return sign | 0x7c00 }
    let exponent = Int(magnitude.exponent)
    let mantissa = (magnitude.significand * 1024).rounded(.toNearestOrEven)  // 1024 ... 2048
    return sign | UInt16((exponent + 14) << 10 + Int(mantissa))
}

extension [UInt8] {
    mutating func append(half: UInt16) {
        append(UInt8(half & 255))
        append(UInt8(half >> 8))
    }
}

extension Collection where Element == Float {
    /// From the first to the last, each sum rounded.
    var orderedSum: Float { reduce(0, +) }
    var sumOfSquares: Float { reduce(0) { $0 + $1 * $1 } }
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
