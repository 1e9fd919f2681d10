#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// How many threads this process can really run at once.
///
/// Cores of the affinity mask, bounded by the CPU quota of the cgroup (v1 and v2) and of the groups around it. Without
/// the quota a container of 2 CPUs on a machine of 64 would start 64 threads that are throttled most of the time.
public struct ThreadBudget: Sendable, Equatable {
    /// Cores that the scheduler may use for this process.
    public let affinityCores: Int
    /// CPUs' worth of time per period that the control group grants; nil without a limit.
    public let quota: Double?

    /// A part of a CPU counts as one: a thread too few would leave granted time unused.
    public var threads: Int {
        guard let quota, quota.isFinite, quota < Double(affinityCores) else { return affinityCores }
        return max(1, Int(quota.rounded(.up)))
    }

    public init(affinityCores: Int, quota: Double?) {
        self.affinityCores = max(1, affinityCores)
        self.quota = quota
    }

    /// The budget of this process.
    public static func current() -> ThreadBudget {
        ThreadBudget(affinityCores: allowedCores.count, quota: CgroupQuota(root: "").cpus)
    }

    /// Numbers of the cores in this process's affinity mask.
    ///
    /// Asked once, before the first team starts: libomp may bind this thread to a core of its own (OMP_PROC_BIND).
    package static let allowedCores = currentCores()

    private static func currentCores() -> [Int] {
        #if canImport(Glibc) || canImport(Musl)
            // Read as text: /proc gives the mask of any size, where cpu_set_t stops at 1024 cores.
            let status = readText("/proc/self/status") ?? ""
            for line in status.split(separator: "\n") where line.hasPrefix("Cpus_allowed_list:") {
                let list = line.dropFirst("Cpus_allowed_list:".count)
                if let cores = cores(inList: String(list)) { return cores }
            }
        #endif
        return Array(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// Core numbers in the kernel's list form: "0-3,8,10-11" is seven.
    package static func cores(inList list: String) -> [Int]? {
        var cores: [Int] = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0.filter { !$0.isWhitespace }) }
            switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
            case (1, .some(let core), _): cores.append(core)
            case (2, .some(let low), .some(let high)) where low <= high && high < 1 << 20: cores += low...high
            default: return nil
            }
        }
        return cores.isEmpty ? nil : cores
    }

    /// The text of a small file, such as those of /proc; nil when it can't be read.
    package static func readText(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8]()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
