import BatchRunner
import TestSupport
import Testing

@Suite struct OrderTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func order(_ prompts: [String]) throws -> [Int] {
        let input = try scratch.input(prompts.enumerated().map { request("\($0)", prompt: $1) })
        return PrefixOrder.sorted(input.index.entries) { _ in true }.map(Int.init)
    }

    @Test func linesWithOneBeginningStandTogether() throws {
        let a = String(repeating: "a", count: 2000)
        let b = String(repeating: "b", count: 2000)
        // of those with a's beginning, two share 5000 bytes
        let long = a + String(repeating: "c", count: 3000)
        #expect(try order([b + "1", a + "1", long + "1", b + "2", a + "2", long + "2"]) == [0, 3, 1, 2, 5, 4])
    }

    @Test func withoutSharingItIsTheInputsOrder() throws {
        let count = 500
        #expect(try order((0..<count).map { "prompt \($0)" }) == Array(0..<count))
        #expect(try order(Array(repeating: "same", count: count)) == Array(0..<count))
    }

    @Test func shardsPartition() throws {
        let input = try scratch.input((0..<1000).map { request("id \($0)") })
        for count in [1, 2, 3, 7] {
            let shards = try (0..<count).map { try Shard("\($0)/\(count)") }
            let owned = shards.map { shard in input.index.entries.filter { shard.owns($0.id) }.map(\.number) }
            #expect(owned.flatMap(\.self).sorted() == Array(1...1000))
            #expect(owned.allSatisfy { $0.count > 700 / count })
        }
    }

    /// Fixed for good: SHA-256 of "a" begins with ca978112ca1bbdca, which is 4 modulo 7.
    @Test func theShardOfANameNeverChanges() throws {
        #expect(IDDigest("a").high == 0xCA97_8112_CA1B_BDCA)
        #expect(try Shard("\(0xCA97_8112_CA1B_BDCA as UInt64 % 7)/7").owns(IDDigest("a")))
    }

    @Test(arguments: [
        "", "1", "1/1", "2/1", "-1/2", "0/0", "a/b", "0/2/3", "+0/2", "0/", "/2", "0/99999999999999999999",
    ])
    func wrongShardsAreRefused(_ text: String) {
        #expect(throws: BatchError.shard(text)) { try Shard(text) }
    }
}
