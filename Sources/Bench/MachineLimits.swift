internal import Charts
package import Compute

/// What this machine can do at best, measured in this process, so that results can be said as a part of it.
package struct MachineLimits: Sendable, Equatable {
    /// Hz of one core under load.
    package let clock: Double
    /// Bytes per second read from memory, by number of threads.
    package let readBandwidth: [Int: Double]
    /// Multiply-adds per second of sgemm, by number of threads.
    package let sgemmRate: [Int: Double]
    /// Multiply-adds per second of one core in registers; nil where there is no loop for this CPU.
    package let floatRate: Double?
    package let int8Rate: Double?
    /// Cores that this process may use.
    package let cores: Int
    /// Cores' worth of time that other processes took meanwhile; nil where the system does not say.
    package let othersCores: Double?

    package init(
        clock: Double, readBandwidth: [Int: Double], sgemmRate: [Int: Double], floatRate: Double?, int8Rate: Double?,
        cores: Int, othersCores: Double? = nil
    ) {
        self.clock = clock
        self.readBandwidth = readBandwidth
        self.sgemmRate = sgemmRate
        self.floatRate = floatRate
        self.int8Rate = int8Rate
        self.cores = cores
        self.othersCores = othersCores
    }

    /// Measures for one thread and for each of `threads` that has a core of its own; about 0.3 s per number of threads.
    ///
    /// Throws: `ComputeError.blasMemory` or `.probeMemory` before any work, for the largest of `threads`.
    package static func measure(threads: Set<Int>) throws(ComputeError) -> MachineLimits {
        try MachineProbe.requireMemory(threads: threads.max() ?? 1)
        let cores = ThreadBudget.current().affinityCores
        let counts = threads.filter { $0 <= cores }.union([1]).sorted()
        let load = CoreLoad()
        let (clock, float, int8) = (MachineProbe.clockRate(), MachineProbe.floatRate(), MachineProbe.int8Rate())
        let reads = counts.map { ($0, MachineProbe.readBandwidth(threads: $0)) }
        let sgemm = counts.map { ($0, MachineProbe.sgemmRate(threads: $0)) }
        return MachineLimits(
            clock: clock, readBandwidth: Dictionary(uniqueKeysWithValues: reads),
            sgemmRate: Dictionary(uniqueKeysWithValues: sgemm), floatRate: float, int8Rate: int8,
            cores: cores, othersCores: CoreLoad().othersCores(since: load))
    }

    /// Multiply-adds per cycle of one core at `rate` per second.
    package func perCycle(_ rate: Double) -> Double { rate / clock }

    /// In the order in which records show them; for tests on `threads` threads.
    func fields(threads: Int) -> [Field] {
        [
            Field("clock_ghz", .number(clock * 1e-9)),
            Field("limit_read_gb_s", FieldValue(readBandwidth[threads].map { $0 * 1e-9 })),
            Field("limit_read_gb_s_1_thread", FieldValue(readBandwidth[1].map { $0 * 1e-9 })),
            Field("limit_sgemm_mac_per_cycle", FieldValue(sgemmRate[threads].map { perCycle($0) / Double(threads) })),
            Field("limit_float_mac_per_cycle", FieldValue(floatRate.map(perCycle))),
            Field("limit_int8_mac_per_cycle", FieldValue(int8Rate.map(perCycle))),
            Field("limit_other_cores_busy", FieldValue(othersCores)),
        ]
    }

    /// One line for people.
    package var summary: String {
        let reads = readBandwidth.sorted { $0.key < $1.key }.map {
            "\(($0.value * 1e-9).decimals(1)) GB/s with \($0.key) \($0.key == 1 ? "thread" : "threads")"
        }
        var parts = ["clock \((clock * 1e-9).decimals(2)) GHz", "reads \(reads.joined(separator: ", "))"]
        if let rate = sgemmRate[1] { parts.append("sgemm \(perCycle(rate).decimals(1)) MAC/cycle") }
        if let floatRate { parts.append("Float peak \(perCycle(floatRate).decimals(1))") }
        if let int8Rate { parts.append("int8 peak \(perCycle(int8Rate).decimals(1))") }
        if let othersCores, isDisturbed {
            parts.append("measured while other processes took \(othersCores.decimals(1)) cores: too low")
        }
        return parts.joined(separator: "; ")
    }

    /// Whether others held cores that the measurements wanted, rather than free ones.
    private var isDisturbed: Bool {
        guard let othersCores, othersCores >= CoreLoad.tolerance else { return false }
        let wanted = readBandwidth.keys.max() ?? 1
        return othersCores + Double(wanted) > Double(cores) + CoreLoad.tolerance
    }

    /// A line for people when other processes held a core while the limits were measured.
    package var warning: String? {
        guard let othersCores, isDisturbed else { return nil }
        return """
            warning: other processes took \(othersCores.decimals(1)) cores while the machine's limits were measured, so \
            shares of them come out too high; end them and run again.
            """
    }
}
