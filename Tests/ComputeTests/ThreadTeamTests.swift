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
}

private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add(_ n: Int = 1) { count.wrappingAdd(n, ordering: .relaxed) }
}
