public import Compute

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What measured costs belong to: with another of any of these they are measured again.
public struct MachineIdentity: Sendable, Codable, Hashable {
    /// Vendor's name, family, model and stepping.
    public let cpu: String
    public let cores: Int
    public let threads: Int
    public let instructionSet: String
    public let kernelBuild: String
    public let blas: String

    /// This machine, with kernels and a team of `threads`.
    public init(kernels: Kernels, threads: Int) {
        cpu = CPUName.current.full
        cores = ProcessInfo.processInfo.activeProcessorCount
        self.threads = threads
        instructionSet = kernels.instructionSet.rawValue
        kernelBuild = Kernels.build
        blas = BLASLibrary.configuration
    }

    /// The file that costs of this machine are kept in.
    var fileName: String {
        let parts = [cpu, "\(cores)", "\(threads)", instructionSet, kernelBuild, blas]
        return "machine-" + FNV1a.hex(parts.joined(separator: "\n")) + ".json"
    }
}

/// The hash that names cache files: the same in every run. A step takes a byte, or for speed a word of eight.
/// Source: Fowler, Noll and Vo, 64 bits.
public struct FNV1a {
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    public init() {}

    public mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }

    public static func hex(_ text: String) -> String {
        var hash = FNV1a()
        for byte in text.utf8 { hash.add(UInt64(byte)) }
        return String(hash.value, radix: 16)
    }
}
