/// Errors of the quantized path, by weight: root mean square of (its output - the full-precision product), relative to
/// that of the product.
public struct ErrorTable: Sendable, Codable, Equatable {
    public struct Entry: Sendable, Codable, Equatable {
        public let layer: Int?
        public let weightClass: WeightClass
        public let error: Double

        public init(layer: Int?, _ weightClass: WeightClass, error: Double) {
            self.layer = layer
            self.weightClass = weightClass
            self.error = error
        }
    }

    /// Measured ones; a weight without an entry has ``typical``.
    public let entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries }

    /// What int8 activations give for Gaussian input: the largest of 256 is about 2.8 sigma, and rounding to 1/127 of it
    /// leaves an error of 2.8 / 127 / sqrt(12) = 0.64 %.
    public static let typical = 0.007

    /// Errors that can be: 1 is as large as the product itself, and one by far larger says nothing more.
    package static let plausible = 0...1e6

    /// Nothing measured.
    public static let unmeasured = ErrorTable([])
}
