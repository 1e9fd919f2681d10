#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

package enum UnixTime {
    /// Seconds since 1970.
    package static var now: Int { Int(Date().timeIntervalSince1970) }
}
