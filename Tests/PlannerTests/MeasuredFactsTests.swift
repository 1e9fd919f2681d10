import Compute
import Foundation
import Planner
import Testing

@Suite struct MeasuredFactsTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "carat-facts-\(UUID().uuidString)")
    private let machine = MachineIdentity(kernels: .portable, threads: 2)
    private let costs = MachineCosts.reference(.portable)

    private final class Log {
        var lines: [String] = []
    }

    private func withFacts(_ body: (MeasuredFacts, Log) throws -> Void) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = Log()
        try body(MeasuredFacts(in: CacheFolder(path: folder.path())) { log.lines.append($0) }, log)
    }

    private func file() throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
        #expect(names.count == 1, "\(names)")
        return folder.appending(path: try #require(names.first))
    }

    @Test func whatIsStoredIsFound() throws {
        try withFacts { facts, log in
            #expect(facts.costs(of: machine) == nil)
            #expect(facts.isWritable && facts.store(costs, of: machine))
            #expect(facts.costs(of: machine) == costs)
            let table = ErrorTable([.init(layer: 3, .down, error: 0.01), .init(layer: nil, .output, error: 0.02)])
            let model = ModelIdentity(size: 7, modifiedSeconds: 1, modifiedNanoseconds: 2, headerHash: .max)
            #expect(facts.errors(of: model) == nil && facts.store(table, of: model))
            #expect(facts.errors(of: model) == table)
            #expect(
                facts.errors(
                    of: ModelIdentity(size: 7, modifiedSeconds: 1, modifiedNanoseconds: 3, headerHash: .max)) == nil)
            #expect(facts.costs(of: MachineIdentity(kernels: .portable, threads: 1)) == nil)
            #expect(log.lines.isEmpty)
        }
    }

    @Test func damagedFilesAreMeasuredAgainWithALine() throws {
        try withFacts { facts, log in
            _ = facts.store(costs, of: machine)
            let file = try file()
            let whole = try Data(contentsOf: file)
            for (index, bytes) in [
                Data(), Data("{}".utf8), whole.prefix(whole.count / 2), Data(repeating: 0xFF, count: 100),
                Data(repeating: UInt8(ascii: "["), count: 100_000), Data(count: 5 << 20),
            ].enumerated() {
                try bytes.write(to: file)
                #expect(facts.costs(of: machine) == nil)
                #expect(log.lines.count == index + 1)
            }
            #expect(facts.store(costs, of: machine) && facts.costs(of: machine) == costs)
        }
    }

    @Test func numbersThatAreNoCostsAreRefused() throws {
        try withFacts { facts, log in
            _ = facts.store(costs, of: machine)
            let file = try file()
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            for (from, to) in [
                ("\"quantScaling\" : ", "\"quantScaling\" : -"), ("\"one\" : ", "\"one\" : -"),
                ("\"threads\" : 2", "\"threads\" : 0"),
                ("\"instructionSet\" : \"portable\"", "\"instructionSet\" : \"other\""),
            ] {
                try Data(text.replacingOccurrences(of: from, with: to).utf8).write(to: file)
                #expect(facts.costs(of: machine) == nil, "\(from)")
            }
            #expect(log.lines.count == 4)
        }
    }

    @Test func busyMachinesAreTriedAFewTimes() {
        let tries = sequence(first: costs) { $0.isFinal ? nil : $0.triedAgain }
        #expect(!costs.isTeamMeasured && tries.map(\.vainTries) == [0, 1, 2, 3])
    }

    /// Finite numbers that no machine has: predictions from them would overflow.
    @Test func numbersBeyondAnyMachineAreRefused() throws {
        try withFacts { facts, log in
            _ = facts.store(costs, of: machine)
            let file = try file()
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            let names = ["one", "team", "quantScaling", "blasScaling"]
            for (index, pair) in names.flatMap({ name in ["1e308", "5e-324"].map { (name, $0) } }).enumerated() {
                let pattern = try Regex("\"\(pair.0)\" : [-+.0-9e]+")
                try Data(text.replacing(pattern, with: "\"\(pair.0)\" : \(pair.1)").utf8).write(to: file)
                #expect(facts.costs(of: machine) == nil, "\(pair)")
                #expect(log.lines.count == index + 1)
            }
            // a region may cost nothing, but no second and no less than nothing
            for region in [#"{"one" : 1.5, "team" : 0}"#, #"{"one" : 0, "team" : 1.5}"#, #"{"one" : 0, "team" : -1}"#] {
                let pattern = try Regex("\"region\" : \\{[^}]*\\}")
                try Data(text.replacing(pattern, with: "\"region\" : \(region)").utf8).write(to: file)
                #expect(facts.costs(of: machine) == nil, "\(region)")
            }
            try Data(text.replacing("\"vainTries\" : 0", with: "\"vainTries\" : -1").utf8).write(to: file)
            #expect(facts.costs(of: machine) == nil)
            try Data(text.utf8).write(to: file)
            #expect(facts.costs(of: machine) == costs)
        }
    }

    @Test func tablesThatHoldNoErrorsAreRefused() throws {
        try withFacts { facts, log in
            let model = ModelIdentity(size: 7, modifiedSeconds: 1, modifiedNanoseconds: 2, headerHash: 3)
            for entries in [[], [ErrorTable.Entry(layer: 0, .down, error: 1e308)], [.init(layer: 0, .up, error: -1)]] {
                #expect(facts.store(ErrorTable(entries), of: model) && facts.errors(of: model) == nil)
            }
            #expect(log.lines.count == 3)
        }
    }

    @Test func aFolderThatCannotBeIsNoError() throws {
        try withFacts { _, _ in
            try Data("a file".utf8).write(to: folder)
            let log = Log()
            let facts = MeasuredFacts(in: CacheFolder(path: folder.path() + "/carat")) { log.lines.append($0) }
            #expect(!facts.isWritable && !facts.store(costs, of: machine) && facts.costs(of: machine) == nil)
            #expect(!MeasuredFacts(in: CacheFolder(path: folder.path())).isWritable)
            #expect(!log.lines.isEmpty)
        }
    }

    /// Whoever reads while others write sees one of their files, whole.
    @Test func writersDoNotHarmEachOther() async throws {
        let log = Log()
        let path = folder.path()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (costs, machine) = (costs, machine)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let facts = MeasuredFacts(in: CacheFolder(path: path))
                    return (0..<20).allSatisfy { _ in
                        facts.store(costs, of: machine) && facts.costs(of: machine) == costs
                    }
                }
            }
            for await isWhole in group { #expect(isWhole) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1 && log.lines.isEmpty)
    }
}
