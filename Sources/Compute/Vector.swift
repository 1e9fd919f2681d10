/// A constant vector of Float, such as the weights of a norm.
public struct Vector: Sendable {
    public let count: Int
    nonisolated(unsafe) private let buffer: Buffer<Float>  // written in init only
    var base: UnsafePointer<Float> { UnsafePointer(buffer.base) }

    public init(_ values: [Float]) {
        count = values.count
        buffer = Buffer(count: values.count)
        for (index, value) in values.enumerated() { buffer.base[index] = value }
    }

    /// The values of a one-row tensor, in Float.
    public init(_ weight: Weight) {
        precondition(weight.rows == 1, "\(weight.name) has \(weight.rows) rows and is no vector")
        self.init(weight.dequantizedRow(0))
    }
}
