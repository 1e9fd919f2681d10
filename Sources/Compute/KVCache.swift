internal import CKernels

/// The keys and values of one sequence, for all layers.
///
/// Shape: per layer [capacity, kvHeads * headDim], for keys and values each. Memory is taken as positions are written.
public final class KVCache {
    /// Element type of the stored keys and values.
    public enum Element: String, Sendable, CaseIterable {
        case f16, f32

        public var byteCount: Int { self == .f16 ? 2 : 4 }
    }

    public let element: Element
    public let layers: Int
    public let kvHeads: Int
    public let headDim: Int
    /// Positions there is room for.
    public let capacity: Int
    /// Positions that are filled; the next position to be written.
    public private(set) var count = 0

    private let storage: Buffer<UInt8>
    private let rowBytes: Int

    public init(layers: Int, kvHeads: Int, headDim: Int, capacity: Int, element: Element = .f16) {
        precondition(layers > 0 && kvHeads > 0 && headDim > 0 && capacity > 0, "KVCache: empty shape")
        self.layers = layers
        self.kvHeads = kvHeads
        self.headDim = headDim
        self.capacity = capacity
        self.element = element
        rowBytes = kvHeads * headDim * element.byteCount
        storage = Buffer(count: 2 * layers * capacity * rowBytes)
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

    func keys(layer: Int, position: Int = 0) -> UnsafeMutableRawPointer { row(2 * layer, position) }
    func values(layer: Int, position: Int = 0) -> UnsafeMutableRawPointer { row(2 * layer + 1, position) }

    private func row(_ plane: Int, _ position: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(storage.base + (plane * capacity + position) * rowBytes)
    }
}

extension Executor {
    /// Stores the keys and values of positions first ..< first + rows of one layer.
    public func store(keys: Matrix, values: Matrix, first: Int, rows: Int, layer: Int, in cache: KVCache) {
        let columns = cache.kvHeads * cache.headDim
        precondition(keys.columns == columns && values.columns == columns, "store: columns differ")
        precondition(layer < cache.layers && first + rows <= cache.capacity, "store: position past the capacity")
        let toF16 = kernels.table.pointee.to_f16
        forEach(rows) { row in
            let pairs = [
                (keys.row(row), cache.keys(layer: layer, position: first + row)),
                (values.row(row), cache.values(layer: layer, position: first + row)),
            ]
            for (source, target) in pairs {
                switch cache.element {
                case .f16: toF16(source, columns, target.assumingMemoryBound(to: UInt16.self))
                case .f32: target.copyMemory(from: source, byteCount: columns * MemoryLayout<Float>.stride)
                }
            }
        }
    }
}
