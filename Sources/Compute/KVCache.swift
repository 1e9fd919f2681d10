internal import CKernels

/// The keys and values of one sequence, for all layers.
///
/// Keys lie in panels of 16 positions, whose numbers are interleaved: scores of 16 keys are formed side by side. Values
/// lie in rows. Memory is taken as positions are written.
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

    public let keyElement: Element
    public let valueElement: Element
    public let layers: Int
    public let kvHeads: Int
    public let headDim: Int
    /// Positions there is room for.
    public let capacity: Int
    /// Positions that are filled; the next position to be written.
    public private(set) var count = 0

    private static let panel = Int(CARAT_KEY_PANEL)

    private let storage: Buffer<UInt8>
    private let panelBytes: Int
    private let rowBytes: Int
    /// Bytes of all keys, and of keys and values, of one KV head in one layer.
    private let keyBytes: Int
    private let planeBytes: Int

    public init(layers: Int, kvHeads: Int, headDim: Int, capacity: Int, keys: Element, values: Element) {
        precondition(layers > 0 && kvHeads > 0 && headDim > 0 && capacity > 0, "KVCache: empty shape")
        self.layers = layers
        self.kvHeads = kvHeads
        self.headDim = headDim
        self.capacity = capacity
        keyElement = keys
        valueElement = values
        panelBytes = carat_key_panel_bytes(keys.code, headDim)
        rowBytes = carat_value_row_bytes(values.code, headDim)
        let panels = (capacity + Self.panel - 1) / Self.panel
        keyBytes = (panels * panelBytes + 63) / 64 * 64
        planeBytes = keyBytes + (capacity * rowBytes + 63) / 64 * 64
        storage = Buffer(count: layers * kvHeads * planeBytes)
    }

    /// Keys and values of one element type.
    public convenience init(layers: Int, kvHeads: Int, headDim: Int, capacity: Int, element: Element = .f16) {
        self.init(
            layers: layers, kvHeads: kvHeads, headDim: headDim, capacity: capacity, keys: element, values: element)
    }

    /// Bytes that one position takes in one layer.
    public static func bytesPerPosition(kvHeads: Int, headDim: Int, keys: Element, values: Element) -> Int {
        kvHeads * (carat_key_panel_bytes(keys.code, headDim) / panel + carat_value_row_bytes(values.code, headDim))
    }

    /// Forgets the positions from `count` on, so that another continuation can follow the first `count`.
    public func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncate to \(count) of \(self.count) positions")
        self.count = count
    }

    /// Makes the positions up to `count`, written by all layers, part of the sequence.
    public func advance(to count: Int) {
        precondition(count >= self.count && count <= capacity, "advance to \(count) of \(capacity) positions")
        self.count = count
    }

    // The kernels see a run of keys and values by these two alone.

    /// The panel that holds the key of `position`, in lane `position` mod 16; the panels of a run lie one after another.
    func keyPanel(layer: Int, kvHead: Int, position: Int) -> UnsafeMutableRawPointer {
        plane(layer, kvHead) + position / Self.panel * panelBytes
    }

    /// The value row of `position`; the rows of a run lie one after another.
    func valueRow(layer: Int, kvHead: Int, position: Int) -> UnsafeMutableRawPointer {
        plane(layer, kvHead) + keyBytes + position * rowBytes
    }

    private func plane(_ layer: Int, _ kvHead: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(storage.base) + (layer * kvHeads + kvHead) * planeBytes
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
        forEach(batch.panels.count) { item in
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
