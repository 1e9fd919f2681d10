import Synchronization
import Testing

import Compute

@Suite(.serialized) struct ThreadTeamTests {
    @Test(arguments: [1, 2, 3], [0, 1, 2, 7, 1000])
    func everyChunkRunsOnce(threads: Int, chunks: Int) {
        let team = ThreadTeam(size: threads)
        let counts = (0..<chunks).map { _ in Counter() }
        team.run(chunks: chunks, threads: threads) { chunk, worker in
            precondition(worker >= 0 && worker < threads)
            counts[chunk].add()
        }
        #expect(counts.allSatisfy { $0.value == 1 })
    }

    @Test func regionsNeverLeakIntoEachOther() {
        let team = ThreadTeam(size: 2)
        for round in 0..<2000 {
            let sum = Counter()
            team.run(chunks: 5, threads: 1 + round % 2) { chunk, _ in sum.add(chunk) }
            #expect(sum.value == 10)
        }
    }

    /// The first chunk waits for all others, half of which are its own thread's.
    @Test func whoIsDoneTakesWhatOthersLeave() {
        let team = ThreadTeam(size: 2)
        let (done, waited) = (Counter(), Counter())
        team.run(chunks: 100, threads: 2) { chunk, _ in
            guard chunk == 0 else { return done.add() }
            let end = ContinuousClock.now + .seconds(10)
            while done.value < 99, ContinuousClock.now < end {}
            if done.value == 99 { waited.add() }
        }
        #expect(done.value == 99 && waited.value == 1)
    }

    #if os(Linux)
        /// A team's threads visit cores, but may run wherever the process may.
        @Test func threadsKeepTheirAffinity() {
            func allowed() -> String? {
                ThreadBudget.readText("/proc/thread-self/status")?.split(separator: "\n")
                    .first { $0.hasPrefix("Cpus_allowed_list") }.map(String.init)
            }
            let size = ThreadBudget.current().affinityCores
            let (before, same) = (allowed(), Counter())
            let team = ThreadTeam(size: size)
            for _ in 0..<2 {
                team.run(chunks: 4 * size, threads: size) { _, _ in if allowed() == before { same.add() } }
            }
            #expect(before != nil && allowed() == before && same.value == 8 * size)
        }
    #endif
}

private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add(_ n: Int = 1) { count.wrappingAdd(n, ordering: .relaxed) }
}
