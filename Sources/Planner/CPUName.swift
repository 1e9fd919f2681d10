internal import Compute

#if canImport(Darwin)
    internal import Darwin
#endif

/// How the CPU names itself.
public struct CPUName: Sendable, Equatable {
    /// For people: "AMD EPYC 7B13"; on Arm the machine's name or the number of the core's design.
    public let brand: String
    /// Brand, family, model and stepping: CPUs that share all of it run at the same costs.
    public let full: String

    /// The CPU that this process runs on.
    public static let current: CPUName = {
        #if canImport(Darwin)
            var size = 0
            sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var bytes = [UInt8](repeating: 0, count: size)
            sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0)
            let brand = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            return CPUName(brand: brand, full: brand)
        #else
            return CPUName(cpuinfo: ThreadBudget.readText("/proc/cpuinfo") ?? "")
        #endif
    }()

    private init(brand: String, full: String) {
        self.brand = brand
        self.full = full
    }

    /// - Parameter cpuinfo: the text of Linux's `/proc/cpuinfo`, whose first core counts.
    package init(cpuinfo: String) {
        var facts: [String: String] = [:]
        for line in cpuinfo.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { part in
                part.split { $0.isWhitespace }.joined(separator: " ")
            }
            if parts.count == 2, facts[parts[0]] == nil { facts[parts[0]] = parts[1] }
        }
        // x86 says "model name"; Arm numbers its cores and may name the machine below them
        let brand =
            ["model name", "Model", "Hardware", "CPU part"].lazy.compactMap { facts[$0] }.first ?? "unknown CPU"
        let numbers = ["cpu family", "model", "stepping", "CPU implementer", "CPU part"].compactMap { key in
            facts[key].map { "\(key.split(separator: " ").last ?? "") \($0)" }
        }
        self.init(brand: brand, full: numbers.isEmpty ? brand : "\(brand) (\(numbers.joined(separator: ", ")))")
    }
}
