internal import Compute
internal import Crypto
internal import Foundation
internal import GGUF

/// The thread that writes blocks.
final class KVWriter: @unchecked Sendable {
    struct Item: Sendable {
        let path: String
        let record: KVRecord
        let block: KVBlock
    }

    /// Bytes of blocks that may wait: each keeps its memory.
    private static let mostWaiting = 256 << 20

    private let folder: KVFolder
    private let log: @Sendable (String) -> Void
    private let condition = NSCondition()  // guards everything below
    private var items: [Item] = []
    private var isWriting = false
    private var isClosed = false
    private var dropped = 0
    /// After a failure nothing more is written: a full disk stays full for a while, and results don't depend on this.
    private var hasFailed = false

    init(directory: String, limit: Int, log: @escaping @Sendable (String) -> Void) {
        folder = KVFolder(path: directory, limit: limit)
        self.log = log
        let thread = Thread { [self] in
            folder.removeLeftovers()
            while let item = next() {
                write(item)
                done()
            }
        }
        thread.name = "carat kv store"
        thread.start()
    }

    func append(_ item: Item) {
        condition.withLock {
            guard !hasFailed, !isClosed else { return }
            guard (items.count + 1) * item.record.identity.shape.blockBytes <= Self.mostWaiting || items.isEmpty else {
                if dropped == 0 { log("the disk is slower than prefill: some prefixes are not kept in \(folder.path)") }
                dropped += 1
                return
            }
            items.append(item)
        }
        condition.broadcast()
    }

    func flush() {
        condition.withLock {
            while isWriting || !items.isEmpty { condition.wait() }
        }
    }

    /// Lets the thread end when it has written what is waiting.
    func close() {
        condition.withLock { isClosed = true }
        condition.broadcast()
    }

    private func next() -> Item? {
        condition.withLock {
            while items.isEmpty, !isClosed { condition.wait() }
            guard !items.isEmpty else { return nil }
            isWriting = true
            return items.removeFirst()
        }
    }

    private func done() {
        condition.withLock { isWriting = false }
        condition.broadcast()
    }

    private func write(_ item: Item) {
        guard !FileManager.default.fileExists(atPath: item.path) else { return }
        do throws(GGUFError) {
            let payload = item.block.copyBytes()
            guard try folder.makeRoom(for: payload.count + KVRecord.headerBytes) else { return }
            let header = item.record.header(payload: Array(SHA256.hash(data: payload)))
            try ReplacementFile.write([header[...], payload[...]], to: item.path)
        } catch {
            log("keeping no more prefixes on disk: \(error)")
            condition.withLock {
                hasFailed = true
                items = []
            }
        }
    }
}
