import Compute
import Foundation
import GGUF
import KVStore
import Synchronization
import Testing

@Suite struct KVStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "kvstore-\(UUID())").path
    private let shape = KVShape(layers: 2, kvHeads: 1, headDim: 16, keys: .f16, values: .f16)
    private let log = Log()
    private let pool = KVPool(KVShape(layers: 2, kvHeads: 1, headDim: 16, keys: .f16, values: .f16))

    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func store(
        _ fingerprint: UInt8 = 1, shape: KVShape? = nil, computation: String = "a", limit: Int = 1 << 30
    ) throws -> KVStore {
        let identity = KVIdentity(
            fingerprint: [UInt8](repeating: fingerprint, count: 32), shape: shape ?? self.shape,
            computation: computation)
        return try KVStore(directory: folder, limit: limit, identity: identity) { [log] in log.append($0) }
    }

    /// A block with bytes of its own.
    private func block(_ seed: Int, shape: KVShape? = nil) -> KVBlock {
        let cache = KVCache(KVPool(shape ?? self.shape), capacity: 256)
        let batch = Batch()
        batch.fill([.init(cache, count: 256)])
        let executor = Executor(threads: 1, kernels: .best)
        let rows = Matrix(rows: 256, columns: 16)
        for row in 0..<256 { rows[row: row] = (0..<16).map { Float(seed + row * 16 + $0) / 7 } }
        for layer in 0..<2 { executor.store(keys: rows, values: rows, batch: batch, layer: layer) }
        return cache.blocks[0]
    }

    private func tokens(_ first: Int32) -> [Int32] { (0..<256).map { first + $0 } }

    private func files(_ suffix: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(suffix) }
    }

    @Test func aBlockOutlivesItsStore() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (first, second) = (block(1), block(2))
        let writer = try store()
        let key = writer.key(of: tokens(0), after: nil)
        let next = writer.key(of: tokens(300), after: key)
        writer.save(first, key, tokens: tokens(0), after: nil)
        writer.save(second, next, tokens: tokens(300), after: key)
        writer.flush()
        let reader = try store()
        #expect(reader.key(of: tokens(0), after: nil) == key)
        #expect(reader.load(key, tokens: tokens(0), after: nil, into: pool)?.copyBytes() == first.copyBytes())
        #expect(reader.load(next, tokens: tokens(300), after: key, into: pool)?.copyBytes() == second.copyBytes())
        #expect(log.all.isEmpty && files(".kv").count == 2)
    }

    /// Whatever a block depends on is in its name.
    @Test func otherModelsAndComputationsHaveOtherNames() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = try store().key(of: tokens(0), after: nil)
        #expect(try store(2).key(of: tokens(0), after: nil) != key)
        #expect(try store(computation: "b").key(of: tokens(0), after: nil) != key)
        let q8 = KVShape(layers: 2, kvHeads: 1, headDim: 16, keys: .q8_0, values: .f16)
        #expect(try store(shape: q8).key(of: tokens(0), after: nil) != key)
        #expect(try store().key(of: tokens(1), after: nil) != key)
        #expect(try store().key(of: tokens(0), after: key) != key)
    }

    /// Every damaged byte, and every wrong length, is a miss with one line in the log; the file is moved aside.
    @Test func aBadFileIsAMiss() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try store()
        let key = store.key(of: tokens(0), after: nil)
        store.save(block(1), key, tokens: tokens(0), after: nil)
        store.flush()
        let name = try #require(files(".kv").first)
        let path = folder + "/" + name
        let good = try Data(contentsOf: URL(filePath: path))
        var bad: [Data] = [
            Data(), good.prefix(8), good.prefix(4096), good.dropLast(), good + [0], Data(count: good.count),
        ]
        for offset in [
            0, 7, 8, 39, 40, 71, 72, 103, 104, 111, 112, 115, 116, 1139, 2000, 4063, 4064, 4095, 4096, good.count - 1,
        ] {
            var data = good
            data[offset] ^= 0x40
            bad.append(data)
        }
        for data in bad {
            let before = log.all.count
            try data.write(to: URL(filePath: path))
            #expect(store.load(key, tokens: tokens(0), after: nil, into: pool) == nil)
            #expect(log.all.count == before + 1)
            #expect(files(".kv").isEmpty && files(".bad").count == 1)
        }
        try good.write(to: URL(filePath: path))
        #expect(store.load(key, tokens: tokens(0), after: nil, into: pool) != nil)
        // a whole file under another's name
        let other = store.key(of: tokens(5), after: nil)
        store.save(block(3), other, tokens: tokens(5), after: nil)
        store.flush()
        let otherName = try #require(files(".kv").first { $0 != name })
        try good.write(to: URL(filePath: folder + "/" + otherName))
        #expect(store.load(other, tokens: tokens(5), after: nil, into: pool) == nil)
        // what is no regular file
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(store.load(key, tokens: tokens(0), after: nil, into: pool) == nil)
        try? FileManager.default.removeItem(atPath: path)
        try good.write(to: URL(filePath: folder + "/elsewhere"))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder + "/elsewhere")
        #expect(store.load(key, tokens: tokens(0), after: nil, into: pool) == nil)
    }

    /// The least recently used go first; a text's end before its beginning.
    @Test func theFolderKeepsToItsLimit() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let size = shape.blockBytes + 4096
        let store = try store(limit: 4 * size)
        var keys: [KVKey] = []
        for index in 0..<12 {
            let key = store.key(of: tokens(Int32(1000 * index)), after: nil)
            keys.append(key)
            store.save(block(index), key, tokens: tokens(Int32(1000 * index)), after: nil)
            store.flush()
            if index > 0 { store.touch([keys[0]]) }
            #expect(files(".kv").count <= 4)
        }
        #expect(store.load(keys[0], tokens: tokens(0), after: nil, into: pool) != nil)
        #expect(store.load(keys[11], tokens: tokens(11000), after: nil, into: pool) != nil)
        #expect(store.load(keys[3], tokens: tokens(3000), after: nil, into: pool) == nil)
    }

    @Test func aFolderThatIsGoneOrFullIsNoError() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try store()
        try FileManager.default.removeItem(atPath: folder)
        let key = store.key(of: tokens(0), after: nil)
        store.save(block(1), key, tokens: tokens(0), after: nil)
        store.flush()
        #expect(store.load(key, tokens: tokens(0), after: nil, into: pool) != nil)  // made again
        #expect(throws: GGUFError.self) {
            try KVStore(directory: "/dev/null/x", limit: 1, identity: store.identity) { _ in }
        }
    }
}
