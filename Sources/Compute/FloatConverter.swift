internal import CKernels

/// Rewrites numbers of the formats F32, F16 and BF16 as another of them, rounding to nearest even.
///
/// Numbers go through Float, which holds all three exactly. What is no finite number, or would not be one in the new
/// format, is refused: a model with one infinite weight says nothing sensible, and it should not be made.
/// Belongs to the thread that calls it.
package final class FloatConverter {
    /// Why a number has no place in the new format; `index` counts from the first number of the call.
    package enum Fault: Error, Equatable {
        case notFinite(index: Int)
        case tooLarge(index: Int, value: Float)
    }

    /// Most numbers in one call: with their Floats they stay in the second-level cache.
    package static let capacity = 1 << 16

    private let kernels: Kernels
    private let floats = Buffer<Float>(count: capacity)
    private let halves = Buffer<UInt16>(count: capacity)
    private var output = [UInt8](repeating: 0, count: capacity * MemoryLayout<Float>.size)

    package init(kernels: Kernels = .best) {
        self.kernels = kernels
    }

    /// The numbers of `source`, each with `offset` added, in the format `target`. A sum is rounded to `format` first, as
    /// whoever computes in the source's own format has it.
    ///
    /// Precondition: the formats are F32, F16 or BF16, and `source` holds at most ``capacity`` numbers.
    package func convert(
        _ source: RawSpan, of format: WeightFormat, adding offset: Float = 0, to target: WeightFormat
    ) throws(Fault) -> ArraySlice<UInt8> {
        let count = source.byteCount / format.bytesPerRow(columns: 1)
        precondition(
            format.activation == .float && target.activation == .float && count <= Self.capacity,
            "\(count) numbers from \(format) to \(target)")
        source.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { kernels.dequantize(format)(base, count, floats.base) }
        }
        if offset != 0 { add(offset, count, in: format) }
        try check(count, for: target)
        output.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            switch target {
            case .F32: base.copyMemory(from: floats.base, byteCount: count * MemoryLayout<Float>.size)
            case .F16:
                kernels.table.pointee.to_f16(floats.base, count, halves.base)
                base.copyMemory(from: halves.base, byteCount: count * MemoryLayout<UInt16>.size)
            default:
                for index in 0..<count { halves.base[index] = Self.bf16(floats.base[index]) }
                base.copyMemory(from: halves.base, byteCount: count * MemoryLayout<UInt16>.size)
            }
        }
        return output[..<target.bytesPerRow(columns: count)]
    }

    private func add(_ offset: Float, _ count: Int, in format: WeightFormat) {
        for index in 0..<count { floats.base[index] += offset }
        // BF16 has no arithmetic of its own: whoever adds to it does so in Float
        guard format == .F16 else { return }
        kernels.table.pointee.to_f16(floats.base, count, halves.base)
        kernels.dequantize(.F16)(halves.base, count, floats.base)
    }

    /// The upper half of a finite Float, rounded to nearest even.
    private static func bf16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }

    private func check(_ count: Int, for target: WeightFormat) throws(Fault) {
        // the first Float that rounds to infinity
        let limit: Float =
            switch target {
            case .F16: 65_520
            case .BF16: Float(bitPattern: 0x7F7F_8000)
            default: .infinity
            }
        var largest: Int32 = 0
        for index in 0..<count {
            // magnitudes of Floats are in the order of their bits, and those that are not finite come last
            largest = max(largest, Int32(bitPattern: floats.base[index].bitPattern & 0x7FFF_FFFF))
        }
        guard largest >= Int32(bitPattern: limit.bitPattern) else { return }
        for index in 0..<count where !(floats.base[index].magnitude < limit) {
            let value = floats.base[index]
            throw value.isFinite ? .tooLarge(index: index, value: value) : .notFinite(index: index)
        }
    }
}
