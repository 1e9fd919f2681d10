import Compute
import Testing

@Suite struct KVCacheTests {
    @Test(arguments: [(KVCache.Element.f16, 1024), (.q8_0, 544), (.f32, 2048)])
    func aPositionTakesTheBytesOfItsType(element: KVCache.Element, bytes: Int) {
        #expect(KVCache.bytesPerPosition(kvHeads: 1, headDim: 256, keys: element, values: element) == bytes)
        #expect(KVCache.bytesPerPosition(kvHeads: 16, headDim: 256, keys: element, values: element) == 16 * bytes)
        #expect(
            KVCache.bytesPerPosition(kvHeads: 1, headDim: 256, keys: element, values: .f32) == bytes / 2 + 1024)
    }

    @Test func aBatchKnowsThePositionsOfItsRows() {
        let caches = (0..<3).map { _ in KVCache(layers: 1, kvHeads: 1, headDim: 2, capacity: 20) }
        caches[1].advance(to: 15)
        let batch = Batch()
        batch.fill([.init(caches[0], count: 2), .init(caches[1], count: 3), .init(caches[2], count: 1)])
        #expect(batch.rows == 6 && batch.positions == [0, 1, 15, 16, 17, 0])
        batch.advance()
        #expect(caches.map(\.count) == [2, 18, 1])
        batch.fill([.init(caches[1], count: 2)])
        #expect(batch.rows == 2 && batch.positions == [18, 19])
        batch.clear()
        #expect(batch.rows == 0 && batch.positions.isEmpty)
    }

    @Test func aTruncatedSequenceGoesOnFromThere() {
        let cache = KVCache(layers: 1, kvHeads: 1, headDim: 2, capacity: 20)
        cache.advance(to: 20)
        cache.truncate(to: 7)
        #expect(cache.count == 7 && cache.capacity == 20)
    }

    /// Blocks that two sequences agree in are shared; the one that both go on in is copied before it is written.
    @Test func forksShareBlocksUntilTheyPart() {
        let cache = KVCache(layers: 2, kvHeads: 1, headDim: 4, capacity: 1000)
        cache.advance(to: 600)
        let fork = cache.fork()
        #expect(cache.pool.used == 3 && fork.count == 600)
        fork.advance(to: 601)
        #expect(cache.pool.used == 4)
        #expect(fork.blocks[0] === cache.blocks[0] && fork.blocks[1] === cache.blocks[1])
        #expect(fork.blocks[2] !== cache.blocks[2])
        cache.advance(to: 768)
        #expect(cache.pool.used == 4)  // the only holder of its block by now
        cache.truncate(to: 512)
        #expect(cache.pool.used == 3 && cache.blocks.count == 2)
    }

    @Test func aSequenceGoesOnFromAnothersBlock() {
        let pool = KVPool(KVShape(layers: 1, kvHeads: 1, headDim: 4, keys: .f16, values: .f32))
        let first = KVCache(pool, capacity: 512)
        first.advance(to: 512)
        let second = KVCache(pool, capacity: 512)
        second.append(first.blocks[0])
        second.append(first.blocks[1], positions: 100)
        #expect(second.count == 356 && pool.used == 2)
        second.advance(to: 357)
        #expect(pool.used == 3 && second.blocks[1] !== first.blocks[1])
    }
}
