import Compute
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct ThreadBudgetTests {
    @Test(
        arguments: [
            (4, nil, 4), (4, 2.0, 2), (4, 1.5, 2), (4, 0.2, 1), (2, 8.0, 2), (0, nil, 1), (3, Double.nan, 3),
        ] as [(Int, Double?, Int)])
    func threadsAreCoresWithinTheQuota(cores: Int, quota: Double?, threads: Int) {
        #expect(ThreadBudget(affinityCores: cores, quota: quota).threads == threads)
    }

    @Test(
        arguments: [
            ("0-3", 4), (" 0-1\n", 2), ("0,2,4-7", 6), ("5", 1), ("", nil), ("3-1", nil), ("a-b", nil),
            ("0-99999999999", nil),
        ] as [(String, Int?)])
    func coreListsAreCounted(list: String, count: Int?) {
        #expect(ThreadBudget.cores(inList: list)?.count == count)
    }

    @Test func thisProcessHasAtLeastOneThread() {
        #expect(ThreadBudget.current().threads >= 1)
    }

    /// Control groups as files below a folder that stands for `/`.
    private func quota(_ files: [String: String]) throws -> Double? {
        let root = FileManager.default.temporaryDirectory.appending(
            path: "carat-cgroup-\(UInt64.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return CgroupQuota(root: root.path()).cpus
    }

    @Test func version2TakesTheTightestGroupOnTheWayUp() throws {
        #expect(
            try quota([
                "proc/self/cgroup": "0::/pods/job\n",
                "sys/fs/cgroup/pods/job/cpu.max": "400000 100000\n",
                "sys/fs/cgroup/pods/cpu.max": "150000 100000\n",
            ]) == 1.5)
    }

    @Test func version2InsideAContainerReadsTheMountItself() throws {
        #expect(try quota(["proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"]) == 0.5)
    }

    @Test func maxIsNoLimit() throws {
        #expect(try quota(["proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"]) == nil)
    }

    @Test(arguments: ["cpu,cpuacct", "cpuacct,cpu", "cpu"])
    func version1DividesQuotaByPeriod(controllers: String) throws {
        #expect(
            try quota([
                "proc/self/cgroup": "4:memory:/x\n3:\(controllers):/docker/abc\n",
                "sys/fs/cgroup/\(controllers)/docker/abc/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/\(controllers)/docker/abc/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/\(controllers)/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/\(controllers)/cpu.cfs_period_us": "100000\n",
            ]) == 2.5)
    }

    @Test(arguments: ["", "0 0", "x y", "-5 100000", "100000", "100000 0", "nan inf"])
    func nonsenseIsNoLimit(text: String) throws {
        #expect(try quota(["proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": text]) == nil)
    }
}
