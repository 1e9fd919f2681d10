internal import CKernels
internal import Synchronization

/// Sizes and element types of keys and values: what caches must agree in to share blocks.
public struct KVShape: Sendable, Hashable {
    public let layers: Int
    public let kvHeads: Int
    public let headDim: Int
    public let keys: KVCache.Element
    public let values: KVCache.Element

    public init(layers: Int, kvHeads: Int, headDim: Int, keys: KVCache.Element, values: KVCache.Element) {
        precondition(layers > 0 && kvHeads > 0 && headDim > 0, "KVShape: empty")
        self.layers = layers
        self.kvHeads = kvHeads
        self.headDim = headDim
        self.keys = keys
        self.values = values
        panelBytes = carat_key_panel_bytes(keys.code, headDim)
        rowBytes = carat_value_row_bytes(values.code, headDim)
        keyBytes = KVBlock.positions / Self.panel * panelBytes
        planeBytes = keyBytes + KVBlock.positions * rowBytes
    }

    static let panel = Int(CARAT_KEY_PANEL)

    let panelBytes: Int
    let rowBytes: Int
    /// Bytes of the keys, and of keys and values, of one KV head in one layer of a block.
    let keyBytes: Int
    let planeBytes: Int
    /// Bytes of a block.
    public var blockBytes: Int { layers * kvHeads * planeBytes }
}

/// Keys and values of 256 positions, one run of attention, in all layers.
///
/// A plane per layer and KV head: keys in panels of 16 positions, whose numbers are interleaved, so that scores of 16
/// keys are formed side by side; then values in rows. Sequences share blocks that they agree in: a block's reference
/// count says how many hold it, and a block that more than one holds is never written.
public final class KVBlock: Sendable {
    /// Positions of a block. 256 is a run of attention, which must lie in one piece.
    public static let positions = Int(CARAT_RUN)

    public let shape: KVShape
    nonisolated(unsafe) let base: UnsafeMutableRawPointer
    private nonisolated(unsafe) let buffer: Buffer<UInt8>
    private let pool: KVPool

    fileprivate init(_ shape: KVShape, _ buffer: Buffer<UInt8>, _ pool: KVPool) {
        self.shape = shape
        base = UnsafeMutableRawPointer(buffer.base)
        self.buffer = buffer
        self.pool = pool
    }

    deinit {
        pool.give(buffer)
    }

    /// The block's bytes, to be stored.
    public func copyBytes() -> [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: shape.blockBytes)) }

    /// Takes over the first `count` positions of `other`.
    func copy(_ count: Int, of other: KVBlock) {
        let panels = (count + KVShape.panel - 1) / KVShape.panel
        for plane in 0..<shape.layers * shape.kvHeads {
            let (target, source) = (base + plane * shape.planeBytes, other.base + plane * shape.planeBytes)
            target.copyMemory(from: source, byteCount: panels * shape.panelBytes)
            (target + shape.keyBytes).copyMemory(from: source + shape.keyBytes, byteCount: count * shape.rowBytes)
        }
    }
}

/// Where caches of one shape take their blocks from; memory that was given back is used again.
public final class KVPool: Sendable {
    public let shape: KVShape
    private let state = Mutex(State())

    private struct State: @unchecked Sendable {
        var used = 0
        var spare: [Buffer<UInt8>] = []
    }

    public init(_ shape: KVShape) {
        self.shape = shape
    }

    /// Blocks of this pool's memory that are held by somebody.
    public var used: Int { state.withLock { $0.used } }

    func take() -> KVBlock {
        let spare = state.withLock { state in
            state.used += 1
            return state.spare.popLast()
        }
        return KVBlock(shape, spare ?? Buffer(count: shape.blockBytes), self)
    }

    /// A block of these bytes, which another block of this shape gave.
    ///
    /// Precondition: as many bytes as the shape says.
    public func block(_ bytes: ArraySlice<UInt8>) -> KVBlock {
        precondition(bytes.count == shape.blockBytes, "\(bytes.count) bytes of a block of \(shape.blockBytes)")
        let block = take()
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { block.base.copyMemory(from: start, byteCount: source.count) }
        }
        return block
    }

    fileprivate func give(_ buffer: Buffer<UInt8>) {
        state.withLock { state in
            state.used -= 1
            state.spare.append(buffer)
        }
    }

    /// Gives memory that nobody holds back to the system.
    public func trim() {
        state.withLock { $0.spare = [] }
    }
}
