import ArgumentParser
import Compute

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The kernels that a command runs: those of its flag, else of `CARAT_ISA`, else of its own choice.
///
/// The environment is the program's to heed: a library that took it for its own would change in a caller's hands.
enum KernelChoice {
    /// One set of kernels; without flag and variable the fastest.
    ///
    /// Throws: `ValidationError` where there is no such instruction set or this CPU cannot run it.
    static func one(_ flag: String?) throws -> Kernels {
        try flag.map { try named($0, by: "--isa") } ?? environment() ?? .best
    }

    /// Those of a repeated flag whose values are lists; without flag and variable all that this CPU runs.
    ///
    /// Throws: as `one`.
    static func all(_ flags: [String]) throws -> [Kernels] {
        let names = flags.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard names.isEmpty else { return try names.map { try named($0.lowercased(), by: "--isa") } }
        return try environment().map { [$0] } ?? Kernels.supported.compactMap { Kernels($0) }
    }

    private static func environment() throws -> Kernels? {
        guard let name = ProcessInfo.processInfo.environment["CARAT_ISA"], !name.isEmpty else { return nil }
        return try named(name, by: "CARAT_ISA")
    }

    private static func named(_ name: String, by source: String) throws -> Kernels {
        do {
            return try Kernels.named(name)
        } catch {
            throw ValidationError("\(source): \(error)")
        }
    }
}
