/// The upper half of a single-precision float.
public enum BF16: WeightBlock {
    public static let weights = 1
    public static let bytes = 2

    public static func decode(_ block: ArraySlice<UInt8>) -> [Float] {
        let b = BlockBytes(block, count: bytes)
        return [Float(bitPattern: UInt32(b[0] | b[1] << 8) << 16)]
    }
}
