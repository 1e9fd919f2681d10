/// Single precision, as it is.
public enum F32: WeightBlock {
    public static let weights = 1
    public static let bytes = 4

    public static func decode(_ block: ArraySlice<UInt8>) -> [Float] {
        let b = BlockBytes(block, count: bytes)
        return [Float(bitPattern: UInt32(b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24))]
    }
}
