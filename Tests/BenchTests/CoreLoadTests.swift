import Bench
import Testing

@Suite struct CoreLoadTests {
    /// user nice system idle iowait irq softirq steal guest guest_nice, in clock ticks: guests are in user already.
    @Test func busyTimeLeavesOutIdleAndWaiting() {
        let text = """
            cpu  300 60 90 9000 900 18 21 24 99 18
            cpu0 100 20 30 4000 500 6 7 8 50 9
            cpu1 1 1 1 1 1 1 1 1 1 1
            cpu10 99 39 59 4999 399 11 13 15 48 8
            """
        #expect(CoreLoad.busySeconds(text, cores: [0], ticksPerSecond: 100) == 1.71)
        #expect(CoreLoad.busySeconds(text, cores: [0, 1, 7], ticksPerSecond: 100) == 1.77)
        #expect(CoreLoad.busySeconds(text, cores: [7], ticksPerSecond: 100) == nil)
    }

    @Test(arguments: ["", "cpu", "cpu 1 2 3", "cpu0", "cpu0 1 2 3", "intr 5\n"])
    func otherTextSaysNothing(text: String) {
        #expect(CoreLoad.busySeconds(text, cores: [0], ticksPerSecond: 100) == nil)
    }
}
