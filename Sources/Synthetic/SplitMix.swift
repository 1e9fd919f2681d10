/// A small seeded generator, so that a failing test fails again and a synthetic model is the same everywhere; its bits
/// are those of any other SplitMix64.
/// Source: Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators.
public struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    public init(_ seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Roughly Gaussian, variance 1: the sum of twelve uniform numbers.
    public mutating func gaussian() -> Float {
        (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0..<1, using: &self) }
    }
}
