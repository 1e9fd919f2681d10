#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension Double {
    static func exp(_ x: Float) -> Double { cExp(Double(x)) }
    static func exp(_ x: Double) -> Double { cExp(x) }
    static func log(_ x: Double) -> Double { cLog(x) }
}

extension Float {
    static func log(_ x: Float) -> Float { Float(cLog(Double(x))) }
}

// The free functions of the C library, under names that the static ones above do not hide.
private func cExp(_ x: Double) -> Double { exp(x) }
private func cLog(_ x: Double) -> Double { log(x) }
