/// IEEE half precision.
public enum F16: WeightBlock {
    public static let weights = 1
    public static let bytes = 2

    public static func decode(_ block: ArraySlice<UInt8>) -> [Float] { [BlockBytes(block, count: bytes).half(0)] }
}
