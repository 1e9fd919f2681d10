internal import Compute

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// CPU time that the cores of this process and it alone have used so far: the difference of two is what others took there
/// in between.
package struct CoreLoad {
    /// Other processes that take less than this part of a core do not count.
    static let tolerance = 0.25

    /// Seconds of its cores not idle; nil where the system does not say.
    private let busy: Double?
    private let own: Double
    private let instant = ContinuousClock.now

    init() {
        busy = Self.busySeconds(
            ThreadBudget.readText("/proc/stat") ?? "", cores: Set(ThreadBudget.allowedCores),
            ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)))
        own = ProcessUsage.now.seconds
    }

    /// Cores' worth of time that other processes took since `earlier`; nil where the system does not say, or the time
    /// was too short for its clock ticks.
    func othersCores(since earlier: CoreLoad) -> Double? {
        let elapsed = (instant - earlier.instant) / .seconds(1)
        guard let busy, let before = earlier.busy, elapsed >= 0.2 else { return nil }
        return max(0, busy - before - (own - earlier.own)) / elapsed
    }

    /// The sum over some cores of a `/proc/stat`: user, nice, system, irq, softirq and steal, without idle and iowait.
    package static func busySeconds(_ stat: String, cores: Set<Int>, ticksPerSecond: Int) -> Double? {
        var total = 0.0
        var found = 0
        for line in stat.split(separator: "\n") where line.hasPrefix("cpu") {
            let words = line.dropFirst(3).split(separator: " ", omittingEmptySubsequences: false)
            guard let core = words.first.flatMap({ Int($0) }), cores.contains(core) else { continue }
            let ticks = words.dropFirst().map { Double($0) ?? 0 }
            guard ticks.count >= 8 else { return nil }
            total += [0, 1, 2, 5, 6, 7].reduce(0) { $0 + ticks[$1] }
            found += 1
        }
        return found > 0 && ticksPerSecond > 0 ? total / Double(ticksPerSecond) : nil
    }
}

/// The most memory that this process had resident at once.
enum PeakMemory {
    /// Begins a new measurement where the system can; else the peak stays that of the process so far.
    static func restart() {
        let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = write(descriptor, "5", 1)
    }

    /// Bytes.
    static func bytes() -> Int? {
        for line in (ThreadBudget.readText("/proc/self/status") ?? "").split(separator: "\n") {
            guard line.hasPrefix("VmHWM:") else { continue }
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
        }
        return nil
    }
}
