import Bench
import Testing

@Suite struct CoreLoadTests {
    /// user nice system idle iowait irq softirq steal guest guest_nice, in clock ticks: guests are in user already.
    @Test func busyTimeLeavesOutIdleAndWaiting() {
        let text = "cpu  100 20 30 4000 500 6 7 8 50 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
        #expect(CoreLoad.busySeconds(text, ticksPerSecond: 100) == 1.71)
    }

    @Test(arguments: ["", "cpu", "cpu 1 2 3", "intr 5\n"])
    func otherTextSaysNothing(text: String) {
        #expect(CoreLoad.busySeconds(text, ticksPerSecond: 100) == nil)
    }
}
