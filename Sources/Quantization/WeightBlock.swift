/// A weight format: how many weights a block holds, in how many bytes, and what they are worth.
///
/// The decoders here are written to be read; `CKernels` has the fast ones and is tested against these.
public protocol WeightBlock: SendableMetatype {
    static var weights: Int { get }
    static var bytes: Int { get }

    /// The weights of one block.
    ///
    /// - Precondition: `block.count == bytes`
    static func decode(_ block: ArraySlice<UInt8>) -> [Float]
}

/// A block format whose weights are integer codes under shared scales.
public protocol QuantizedBlock: WeightBlock {
    /// The integers of one block, before any Float operation.
    ///
    /// - Precondition: `block.count == bytes`
    static func codes(of block: ArraySlice<UInt8>) -> BlockCodes
}

extension QuantizedBlock {
    public static func decode(_ block: ArraySlice<UInt8>) -> [Float] { codes(of: block).weights }

    /// The exact sums of one block against int8 activations: see ``BlockCodes/integerSums(_:)``.
    public static func integerSums(
        _ block: ArraySlice<UInt8>, activations: ArraySlice<Int8>
    ) -> (products: Int32, mins: Int32) {
        codes(of: block).integerSums(activations)
    }
}

/// What a quantized block says: weight i = d * scales[g] * codes[i] - dmin * mins[g], where g = i / groupLength.
///
/// A format without mins has dmin = 0, and one without scales has scales of 1.
public struct BlockCodes: Equatable, Sendable {
    public var d: Float
    public var dmin: Float = 0
    public var scales: [Int]
    public var mins: [Int]
    public var codes: [Int]

    init(d: Float, dmin: Float = 0, groups: Int, weights: Int) {
        self.d = d
        self.dmin = dmin
        scales = Array(repeating: 1, count: groups)
        mins = Array(repeating: 0, count: groups)
        codes = Array(repeating: 0, count: weights)
    }

    /// Weights that share a scale.
    public var groupLength: Int { codes.count / scales.count }

    /// The order of operations is part of the format: d * scale is rounded first, nothing is fused.
    public var weights: [Float] {
        codes.indices.map { i in
            let g = i / groupLength
            let scale = d * Float(scales[g])
            let min = dmin * Float(mins[g])
            return scale * Float(codes[i]) - min
        }
    }

    /// products = sum(scale * code * activation) and mins = sum(min * activation), without rounding.
    ///
    /// The dot of the block then is (d * products - dmin * mins) * scale of the activations.
    ///
    /// - Precondition: as many activations as weights
    public func integerSums(_ activations: ArraySlice<Int8>) -> (products: Int32, mins: Int32) {
        precondition(
            activations.count == codes.count, "\(activations.count) activations for \(codes.count) weights")
        var products = 0
        var minSum = 0
        for (i, activation) in activations.enumerated() {
            let g = i / groupLength
            products += scales[g] * codes[i] * Int(activation)
            minSum += mins[g] * Int(activation)
        }
        return (Int32(products), Int32(minSum))
    }
}
