#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension Double {
    /// e to the power of x, the largest Double where it would be infinite.
    static func exp(_ x: Double) -> Double { min(cExp(x), .greatestFiniteMagnitude) }
}

// The free function of the C library, under a name that the static one above does not hide.
private func cExp(_ x: Double) -> Double { exp(x) }
