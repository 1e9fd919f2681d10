internal import Charts
package import Compute
internal import Planner

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What a reader of a result must know of the machine that it comes from.
package struct MachineState: Sendable, Equatable {
    /// The brand that the CPU gives itself.
    package let cpu: String
    package let instructionSet: Kernels.InstructionSet
    /// Cores of the affinity mask.
    package let cores: Int
    /// CPUs that the control group grants; nil without a limit.
    package let quota: Double?
    /// Frequency governor of the first core; nil where the system has none, as in most virtual machines.
    package let governor: String?
    /// Load averages over 1, 5 and 15 minutes before the first test.
    package let load: [Double]
    package let blas: String
    package let blasCore: String
    package let system: String

    package static func current(kernels: Kernels = .best) -> MachineState {
        let budget = ThreadBudget.current()
        var load = [Double](repeating: 0, count: 3)
        let count = getloadavg(&load, 3)
        return MachineState(
            cpu: CPUName.current.brand, instructionSet: kernels.instructionSet, cores: budget.affinityCores,
            quota: budget.quota, governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            load: Array(load.prefix(max(0, Int(count)))), blas: BLASLibrary.configuration,
            blasCore: BLASLibrary.coreType, system: systemName())
    }

    /// In the order in which records and reports show them.
    var fields: [Field] {
        [
            Field("isa", .string(instructionSet.rawValue)),
            Field("cpu_cores", .integer(cores)),
            Field("cpu_quota", FieldValue(quota)),
            Field("cpu_governor", FieldValue(governor)),
            Field("load_average", .list(load.map(FieldValue.number))),
            Field("blas", .string(blas)),
            Field("blas_core", .string(blasCore)),
            Field("os", .string(system)),
        ]
    }

    /// One line for people.
    package var summary: String {
        let quota = quota.map { "quota \($0.decimals(2)) CPUs" } ?? "no quota"
        let load = load.isEmpty ? "unknown" : load.map { $0.decimals(2) }.joined(separator: " ")
        return """
            \(cpu), \(cores) cores, \(quota), governor \(governor ?? "unknown"), load \(load); kernels \
            \(instructionSet.rawValue); \(blas), core \(blasCore); \(system)
            """
    }

    private static func systemName() -> String {
        #if canImport(Darwin)
            return "macOS"
        #else
            let release = (ThreadBudget.readText("/etc/os-release") ?? "").split(separator: "\n")
            let name = release.first { $0.hasPrefix("PRETTY_NAME=") }.map { $0.dropFirst(12).filter { $0 != "\"" } }
            let kernel = line("/proc/sys/kernel/osrelease")
            return [name ?? "Linux", kernel.map { "kernel \($0)" }].compactMap { $0 }.joined(separator: ", ")
        #endif
    }

    private static func line(_ path: String) -> String? {
        ThreadBudget.readText(path)?.split(whereSeparator: \.isNewline).first.map(String.init)
    }
}
