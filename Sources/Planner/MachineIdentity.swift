public import Compute

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Darwin)
    internal import Darwin
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
        cpu = Self.cpuName
        cores = ProcessInfo.processInfo.activeProcessorCount
        self.threads = threads
        instructionSet = kernels.instructionSet.rawValue
        kernelBuild = Kernels.build
        blas = BLASLibrary.configuration
    }

    public static let cpuName: String = {
        #if canImport(Darwin)
            var size = 0
            sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var bytes = [UInt8](repeating: 0, count: size)
            sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0)
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        #else
            guard let data = try? Data(contentsOf: URL(filePath: "/proc/cpuinfo")) else { return "unknown" }
            var facts: [String: String] = [:]
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
                if line.isEmpty { break }  // the first core's
                let parts = line.split(separator: ":", maxSplits: 1).map { $0.filter { $0 != "\t" } }
                if parts.count == 2 { facts[parts[0]] = String(parts[1].drop { $0 == " " }) }
            }
            let name = facts["model name"] ?? "unknown"
            let numbers = ["cpu family", "model", "stepping", "CPU implementer", "CPU part"].compactMap { key in
                facts[key].map { "\(key.replacing("cpu ", with: "").replacing("CPU ", with: "")) \($0)" }
            }
            return numbers.isEmpty ? name : "\(name) (\(numbers.joined(separator: ", ")))"
        #endif
    }()

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
