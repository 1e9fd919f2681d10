/// The CPU time that Linux control groups grant to this process, the tightest of its group and all groups around it.
package struct CgroupQuota {
    /// Quota / period, in CPUs; nil without a limit or without control groups.
    package let cpus: Double?

    /// `root` stands before /proc and /sys: "" for the real ones.
    package init(root: String) {
        let memberships = ThreadBudget.readText(root + "/proc/self/cgroup") ?? ""
        var tightest: Double?
        for line in memberships.split(separator: "\n") {
            // "hierarchy:controllers:path"; version 2 is "0::path"
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let path = String(fields[2])
            let limits: [Double?]
            if fields[1].isEmpty {
                limits = Self.groups(from: path).map { group in
                    Self.version2(ThreadBudget.readText("\(root)/sys/fs/cgroup\(group)/cpu.max"))
                }
            } else if fields[1].split(separator: ",").contains("cpu") {
                limits = Self.groups(from: path).flatMap { group in
                    // the controller's folder is named by the whole list, often with "cpu" as a link to it
                    ["cpu", String(fields[1])].map { folder in
                        let base = "\(root)/sys/fs/cgroup/\(folder)\(group)/"
                        return Self.version1(
                            quota: ThreadBudget.readText(base + "cpu.cfs_quota_us"),
                            period: ThreadBudget.readText(base + "cpu.cfs_period_us"))
                    }
                }
            } else {
                limits = []
            }
            for case .some(let limit) in limits { tightest = min(tightest ?? limit, limit) }
        }
        cpus = tightest
    }

    /// The group, its parents, and "" for the mount itself: in a container the path of the host may not exist inside.
    private static func groups(from path: String) -> [String] {
        var groups = [""]
        var current = ""
        for component in path.split(separator: "/") where component != ".." {
            current += "/" + component
            groups.append(current)
        }
        return groups
    }

    /// "150000 100000" is 1.5 CPUs; "max 100000" is no limit.
    package static func version2(_ text: String?) -> Double? {
        guard let fields = text?.split(whereSeparator: \.isWhitespace), fields.count == 2 else { return nil }
        return ratio(Double(fields[0]), Double(fields[1]))
    }

    /// A quota of -1 is no limit.
    package static func version1(quota: String?, period: String?) -> Double? {
        func number(_ text: String?) -> Double? { text.flatMap { Double($0.filter { !$0.isWhitespace }) } }
        return ratio(number(quota), number(period))
    }

    private static func ratio(_ quota: Double?, _ period: Double?) -> Double? {
        guard let quota, let period, quota > 0, period > 0, quota.isFinite, period.isFinite else { return nil }
        return quota / period
    }
}
