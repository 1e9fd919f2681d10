internal import CKernels

/// The keys and values of one sequence, for all layers, in blocks that sequences can share.
///
/// Memory is taken block by block as positions are written.
public final class KVCache {
    /// Element type of the stored keys or values.
    ///
    /// Q8_0 keeps a signed byte per number and an F16 scale per 32 numbers of a head.
    public enum Element: String, Sendable, CaseIterable {
        case f16, q8_0, f32

        var code: carat_kv_type {
            switch self {
            case .f16: CARAT_KV_F16
            case .q8_0: CARAT_KV_Q8_0
            case .f32: CARAT_KV_F32
            }
        }
    }

    /// The next `count` positions of the sequence in `cache`: consecutive rows of a forward call.
    public struct Span {
        public let cache: KVCache
        public let count: Int

        public init(_ cache: KVCache, count: Int) {
            self.cache = cache
            self.count = count
        }
    }

    public let pool: KVPool
    /// Positions there is room for.
    public let capacity: Int
    /// Positions that are filled; the next position to be written.
    public private(set) var count = 0
    /// Blocks of the filled positions, and perhaps one more that was made ready.
    public private(set) var blocks: [KVBlock] = []

    public var layers: Int { pool.shape.layers }
    public var kvHeads: Int { pool.shape.kvHeads }
    public var headDim: Int { pool.shape.headDim }
    public var keyElement: Element { pool.shape.keys }
    public var valueElement: Element { pool.shape.values }

    /// An empty cache whose blocks come from `pool`.
    public init(_ pool: KVPool, capacity: Int) {
        precondition(capacity > 0, "KVCache: no capacity")
        self.pool = pool
        self.capacity = capacity
    }

    /// An empty cache with a pool of its own.
    public convenience init(
        layers: Int, kvHeads: Int, headDim: Int, capacity: Int, keys: Element, values: Element
    ) {
        let shape = KVShape(layers: layers, kvHeads: kvHeads, headDim: headDim, keys: keys, values: values)
        self.init(KVPool(shape), capacity: capacity)
    }

    /// Keys and values of one element type.
    public convenience init(layers: Int, kvHeads: Int, headDim: Int, capacity: Int, element: Element = .f16) {
        self.init(
            layers: layers, kvHeads: kvHeads, headDim: headDim, capacity: capacity, keys: element, values: element)
    }

    /// Bytes that one position takes in one layer.
    public static func bytesPerPosition(kvHeads: Int, headDim: Int, keys: Element, values: Element) -> Int {
        KVShape(layers: 1, kvHeads: kvHeads, headDim: headDim, keys: keys, values: values).blockBytes
            / KVBlock.positions
    }

    /// Forgets the positions from `count` on, so that another continuation can follow the first `count`.
    public func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncate to \(count) of \(self.count) positions")
        self.count = count
        blocks.removeLast(blocks.count - (count + KVBlock.positions - 1) / KVBlock.positions)
    }

    /// Makes the positions up to `count`, written by all layers, part of the sequence.
    public func advance(to count: Int) {
        precondition(count >= self.count && count <= capacity, "advance to \(count) of \(capacity) positions")
        reserve(count - self.count)
        self.count = count
    }

    /// Goes on with the first `positions` positions of `block`, which may be shared: they are not copied before
    /// something is written behind them.
    ///
    /// Precondition: this cache's positions end with a block.
    public func append(_ block: KVBlock, positions: Int = KVBlock.positions) {
        precondition(block.shape == pool.shape, "a block of another shape")
        precondition(count % KVBlock.positions == 0, "a block after \(count) positions")
        precondition((1...KVBlock.positions).contains(positions), "\(positions) positions of a block")
        precondition(count + positions <= capacity, "\(positions) positions after \(count) of \(capacity)")
        blocks.removeLast(blocks.count - count / KVBlock.positions)
        blocks.append(block)
        count += positions
    }

    /// Another sequence that begins with the same positions and shares their blocks.
    public func fork() -> KVCache {
        let copy = KVCache(pool, capacity: capacity)
        copy.blocks = Array(blocks.prefix((count + KVBlock.positions - 1) / KVBlock.positions))
        copy.count = count
        return copy
    }

    /// Makes room to write `added` positions, in blocks that no other sequence sees.
    func reserve(_ added: Int) {
        let (full, rest) = count.quotientAndRemainder(dividingBy: KVBlock.positions)
        if rest > 0, added > 0, !isKnownUniquelyReferenced(&blocks[full]) {
            let own = pool.take()
            own.copy(rest, of: blocks[full])
            blocks[full] = own
        }
        while blocks.count * KVBlock.positions < count + added { blocks.append(pool.take()) }
    }

    // The kernels see a run of keys and values by these two alone.

    /// The panel that holds the key of `position`, in lane `position` mod 16; the panels of a run lie one after another.
    func keyPanel(layer: Int, kvHead: Int, position: Int) -> UnsafeMutableRawPointer {
        plane(layer, kvHead, position) + position % KVBlock.positions / KVShape.panel * pool.shape.panelBytes
    }

    /// The value row of `position`; the rows of a run lie one after another.
    func valueRow(layer: Int, kvHead: Int, position: Int) -> UnsafeMutableRawPointer {
        plane(layer, kvHead, position) + pool.shape.keyBytes + position % KVBlock.positions * pool.shape.rowBytes
    }

    private func plane(_ layer: Int, _ kvHead: Int, _ position: Int) -> UnsafeMutableRawPointer {
        blocks[position / KVBlock.positions].base + (layer * kvHeads + kvHead) * pool.shape.planeBytes
    }
}

extension Executor {
    /// Stores the keys and values of a batch's positions in one layer of their caches.
    ///
    /// Shape: keys and values [batch.rows, kvHeads * headDim].
    public func store(keys: Matrix, values: Matrix, batch: Batch, layer: Int) {
        guard let shape = batch.sequences.first?.cache else { return }
        let dim = shape.headDim
        let columns = shape.kvHeads * dim
        precondition(keys.columns == columns && values.columns == columns, "store: columns differ")
        precondition(layer < shape.layers, "store: layer \(layer) of \(shape.layers)")
        precondition(batch.rows <= keys.rowCapacity && batch.rows <= values.rowCapacity, "store of \(batch.rows) rows")
        let table = kernels.table
        let panel = Int(CARAT_KEY_PANEL)
        // one thread a panel: its lanes share cache lines
        forEach(batch.panels.count, numbers: 2 * batch.rows * columns) { item in
            let block = batch.panels[item]
            let cache = batch.sequences[block.sequence].cache
            for (row, position) in zip(block.rows, block.positions) {
                for kvHead in 0..<cache.kvHeads {
                    carat_store_key(
                        table, cache.keyElement.code, keys.row(row) + kvHead * dim, dim,
                        cache.keyPanel(layer: layer, kvHead: kvHead, position: position), position % panel)
                    carat_store_value(
                        table, cache.valueElement.code, values.row(row) + kvHead * dim, dim,
                        cache.valueRow(layer: layer, kvHead: kvHead, position: position))
                }
            }
        }
    }
}
